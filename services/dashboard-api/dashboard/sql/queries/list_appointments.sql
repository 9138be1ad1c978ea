-- Who comes when: the appointments that stand, by start, of days between $2 and $3.
SELECT
    p.patient_id::text,
    nullif(i.nhs_number, '') AS nhs_number,
    nullif(i.name, '') AS name,
    p.status,
    p.slot_id,
    p.starts_at,
    s.minutes,
    s.clinician
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
LEFT JOIN slots AS s ON s.target_id = p.target_id AND s.slot_id = p.slot_id
WHERE
    p.target_id = $1
    AND p.starts_at IS NOT NULL
    AND ($2::timestamptz IS NULL OR p.starts_at >= $2)
    AND ($3::timestamptz IS NULL OR p.starts_at < $3)
    AND ($4::timestamptz IS NULL OR (p.starts_at, p.patient_id) > ($4, $5::uuid))
ORDER BY p.starts_at, p.patient_id
LIMIT $6
