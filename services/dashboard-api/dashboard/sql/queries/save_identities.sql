-- Keep the highest version of who each patient is; where they are stays for workflow to say.
INSERT INTO patients AS old (patient_id, target_id, identity_version, nhs_number, name, sort_name, version)
SELECT *, 0 FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (patient_id) DO UPDATE SET
    identity_version = excluded.identity_version,
    nhs_number = excluded.nhs_number,
    name = excluded.name,
    sort_name = excluded.sort_name
WHERE old.identity_version < excluded.identity_version
