-- Keep the highest version of each target.
INSERT INTO targets AS old (target_id, version, practice, name, state, rounds, window_from, window_to)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::date[], $8::date[])
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    practice = excluded.practice,
    name = excluded.name,
    state = excluded.state,
    rounds = excluded.rounds,
    window_from = excluded.window_from,
    window_to = excluded.window_to
WHERE old.version < excluded.version
