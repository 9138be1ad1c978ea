-- Columns as in the table.
INSERT INTO targets AS t (target_id, version, state, rounds, from_date, to_date, ratio)
SELECT *
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::text[]
)
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    state = excluded.state,
    rounds = excluded.rounds,
    from_date = excluded.from_date,
    to_date = excluded.to_date,
    ratio = excluded.ratio
WHERE t.version < excluded.version
