-- Columns as in the table.
INSERT INTO targets AS t (target_id, version, practice, state, rounds, from_date, to_date, ratio)
SELECT *
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[],
    $8::text[]
)
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    practice = excluded.practice,
    state = excluded.state,
    rounds = excluded.rounds,
    from_date = excluded.from_date,
    to_date = excluded.to_date,
    ratio = excluded.ratio
WHERE t.version < excluded.version
