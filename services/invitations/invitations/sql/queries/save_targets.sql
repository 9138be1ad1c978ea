-- Columns as in the table; an older version changes nothing.
INSERT INTO targets AS t (target_id, version, practice, name, from_date, to_date, rounds)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[])
ON CONFLICT (target_id) DO UPDATE
SET
    version = excluded.version,
    practice = excluded.practice,
    name = excluded.name,
    from_date = excluded.from_date,
    to_date = excluded.to_date,
    rounds = excluded.rounds
WHERE t.version < excluded.version
