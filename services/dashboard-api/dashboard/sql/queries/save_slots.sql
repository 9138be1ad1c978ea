-- Keep the highest version of each slot's details.
INSERT INTO slots AS old (target_id, slot_id, version, starts_at, minutes, clinician)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::smallint[], $6::text[])
ON CONFLICT (target_id, slot_id) DO UPDATE SET
    version = excluded.version,
    starts_at = excluded.starts_at,
    minutes = excluded.minutes,
    clinician = excluded.clinician,
    withdrawn = false
WHERE old.version < excluded.version
