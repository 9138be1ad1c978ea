-- A page of the patients of the cells $1, at most $7 rows, in the order $2: name, nhs_number or
-- updated_at, with a - before it backwards.  Not null $3 is the NHS number asked for.  The page
-- begins after the patient $6, whose place in the order is $4, or $5 for an instant; null for the
-- first page.  Planned for its values: of the branches below only those of $2 remain, and each cell
-- is a range of one index, read no further than the page.
SELECT
    p.patient_id::text,
    nullif(p.nhs_number, '') AS nhs_number,
    nullif(p.name, '') AS name,
    c.round,
    c.status,
    c.description,
    p.until,
    p.alert,
    p.delivery,
    p.slot_id,
    p.starts_at,
    p.updated_at
FROM cells AS c
CROSS JOIN LATERAL (
    SELECT *
    FROM patients
    WHERE
        patients.cell = c.cell
        AND ($3::text IS NULL OR patients.nhs_number = $3)
        AND (
            $6::uuid IS NULL
            OR ($2 = 'name' AND (patients.sort_name, patients.patient_id) > ($4::text, $6))
            OR ($2 = '-name' AND (patients.sort_name, patients.patient_id) < ($4, $6))
            OR ($2 = 'nhs_number' AND (patients.nhs_number, patients.patient_id) > ($4, $6))
            OR ($2 = '-nhs_number' AND (patients.nhs_number, patients.patient_id) < ($4, $6))
            OR ($2 = 'updated_at' AND (patients.updated_at, patients.patient_id) > ($5::timestamptz, $6))
            OR ($2 = '-updated_at' AND (patients.updated_at, patients.patient_id) < ($5, $6))
        )
    ORDER BY
        CASE $2::text WHEN 'name' THEN patients.sort_name WHEN 'nhs_number' THEN patients.nhs_number END,
        CASE $2 WHEN '-name' THEN patients.sort_name WHEN '-nhs_number' THEN patients.nhs_number END DESC,
        CASE $2 WHEN 'updated_at' THEN patients.updated_at END,
        CASE $2 WHEN '-updated_at' THEN patients.updated_at END DESC,
        CASE WHEN $2 NOT LIKE '-%' THEN patients.patient_id END,
        patients.patient_id DESC
    LIMIT $7
) AS p
WHERE c.cell = ANY($1::bigint[])
ORDER BY
    CASE $2 WHEN 'name' THEN p.sort_name WHEN 'nhs_number' THEN p.nhs_number END,
    CASE $2 WHEN '-name' THEN p.sort_name WHEN '-nhs_number' THEN p.nhs_number END DESC,
    CASE $2 WHEN 'updated_at' THEN p.updated_at END,
    CASE $2 WHEN '-updated_at' THEN p.updated_at END DESC,
    CASE WHEN $2 NOT LIKE '-%' THEN p.patient_id END,
    p.patient_id DESC
LIMIT $7
