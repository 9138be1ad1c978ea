-- A page of the patients of the cells $1, at most $6 rows, in the order $2: name or nhs_number, with a -
-- before it backwards.  The page begins after the patient $5 of the target $3, whose place in the
-- order is $4; null for the first page.  For cells of many patients: goes through the target in this
-- order, past those who are in other cells.
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
    p.updated_at
FROM identities AS i
CROSS JOIN LATERAL (
    SELECT * FROM patients
    WHERE patients.patient_id = i.patient_id AND patients.cell = ANY($1::bigint[])
    OFFSET 0
) AS p
INNER JOIN cells AS c USING (cell)
WHERE
    i.target_id = $3
    AND (
        $5::uuid IS NULL
        OR ($2 = 'name' AND (i.sort_name, i.patient_id) > ($4::text, $5))
        OR ($2 = '-name' AND (i.sort_name, i.patient_id) < ($4, $5))
        OR ($2 = 'nhs_number' AND (i.nhs_number, i.patient_id) > ($4, $5))
        OR ($2 = '-nhs_number' AND (i.nhs_number, i.patient_id) < ($4, $5))
    )
ORDER BY
    CASE $2::text WHEN 'name' THEN i.sort_name WHEN 'nhs_number' THEN i.nhs_number END,
    CASE $2 WHEN '-name' THEN i.sort_name WHEN '-nhs_number' THEN i.nhs_number END DESC,
    CASE WHEN $2 NOT LIKE '-%' THEN i.patient_id END,
    i.patient_id DESC
LIMIT $6
