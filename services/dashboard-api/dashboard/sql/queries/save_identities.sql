-- Keep the highest version of who each patient is.
INSERT INTO identities AS old (patient_id, target_id, version, nhs_number, name, sort_name)
SELECT
    unnest($1::uuid[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[])
ON CONFLICT (patient_id) DO UPDATE SET
    version = excluded.version,
    nhs_number = excluded.nhs_number,
    name = excluded.name,
    sort_name = excluded.sort_name
WHERE old.version < excluded.version
