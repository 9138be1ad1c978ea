-- Keep the highest version of who each patient is.
INSERT INTO identities AS old (patient_id, target_id, version, nhs_number, name, sort_name)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (patient_id) DO UPDATE SET
    version = excluded.version,
    nhs_number = excluded.nhs_number,
    name = excluded.name,
    sort_name = excluded.sort_name
WHERE old.version < excluded.version
