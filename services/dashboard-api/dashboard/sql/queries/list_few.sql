-- A page of the patients of the cells $1, at most $7 rows, in the order $2: name, nhs_number or
-- updated_at, with a - before it backwards.  Not null $3 are the only patients asked for.  The page
-- begins after the patient $6, whose place in the order is $4, or $5 for an instant; null for the
-- first page.  For cells of few patients: reads all of them and sorts.
WITH few AS MATERIALIZED (
    SELECT *
    FROM patients
    WHERE cell = ANY($1::bigint[]) AND ($3::uuid[] IS NULL OR patient_id = ANY($3))
)

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
FROM few AS p
INNER JOIN identities AS i USING (patient_id)
INNER JOIN cells AS c USING (cell)
WHERE
    $6::uuid IS NULL
    OR ($2 = 'name' AND (i.sort_name, p.patient_id) > ($4::text, $6))
    OR ($2 = '-name' AND (i.sort_name, p.patient_id) < ($4, $6))
    OR ($2 = 'nhs_number' AND (i.nhs_number, p.patient_id) > ($4, $6))
    OR ($2 = '-nhs_number' AND (i.nhs_number, p.patient_id) < ($4, $6))
    OR ($2 = 'updated_at' AND (p.updated_at, p.patient_id) > ($5::timestamptz, $6))
    OR ($2 = '-updated_at' AND (p.updated_at, p.patient_id) < ($5, $6))
ORDER BY
    CASE $2::text WHEN 'name' THEN i.sort_name WHEN 'nhs_number' THEN i.nhs_number END,
    CASE $2 WHEN '-name' THEN i.sort_name WHEN '-nhs_number' THEN i.nhs_number END DESC,
    CASE $2 WHEN 'updated_at' THEN p.updated_at END,
    CASE $2 WHEN '-updated_at' THEN p.updated_at END DESC,
    CASE WHEN $2 NOT LIKE '-%' THEN p.patient_id END,
    p.patient_id DESC
LIMIT $7
