-- One patient of a target, wherever they are.
SELECT
    p.patient_id::text,
    nullif(i.nhs_number, '') AS nhs_number,
    nullif(i.name, '') AS name,
    c.round,
    c.status,
    c.description,
    p.until,
    p.alert,
    p.delivery,
    p.slot_id,
    p.starts_at,
    p.updated_at,
    p.version,
    i.version AS identity_version,
    s.minutes,
    s.clinician
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
INNER JOIN cells AS c USING (cell)
LEFT JOIN slots AS s ON s.target_id = p.target_id AND s.slot_id = p.slot_id
WHERE p.target_id = $1 AND p.patient_id = $2::uuid
