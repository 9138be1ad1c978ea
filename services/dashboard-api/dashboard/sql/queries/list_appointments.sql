-- Who comes when: the appointments that stand, by start, those in [$2, $3) and of the clinician $4 (null
-- for any), after the start $5 of the patient $6, at most $7 rows.
SELECT
    p.patient_id::text,
    nullif(i.nhs_number, '') AS nhs_number,
    nullif(i.name, '') AS name,
    c.status,
    p.slot_id,
    p.starts_at,
    s.minutes,
    s.clinician
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
INNER JOIN cells AS c USING (cell)
LEFT JOIN slots AS s ON s.target_id = p.target_id AND s.slot_id = p.slot_id
WHERE
    p.target_id = $1
    AND p.starts_at IS NOT NULL
    AND ($2::timestamptz IS NULL OR p.starts_at >= $2)
    AND ($3::timestamptz IS NULL OR p.starts_at < $3)
    AND ($4::text IS NULL OR s.clinician = $4)
    AND ($6::uuid IS NULL OR (p.starts_at, p.patient_id) > ($5::timestamptz, $6))
ORDER BY p.starts_at, p.patient_id
LIMIT $7
