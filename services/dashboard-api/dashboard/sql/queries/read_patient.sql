-- One patient of a target, wherever they are.
SELECT
    p.patient_id::text,
    nullif(i.nhs_number, '') AS nhs_number,
    nullif(i.name, '') AS name,
    p.round,
    p.status,
    p.description,
    p.until,
    p.alert,
    p.slot_id,
    p.starts_at,
    p.updated_at
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
WHERE p.target_id = $1 AND p.patient_id = $2::uuid
