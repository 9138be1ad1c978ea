-- A page of the patients of the cells $1, at most $5 rows, in the order $2: updated_at, with a - before it
-- backwards.  The page begins after the patient $4, whose last change was at $3; null for the first
-- page.  Each cell is a range of the index, read no further than the page.
WITH page AS (
    SELECT p.*
    FROM unnest($1::bigint[]) AS c (cell)
    CROSS JOIN LATERAL (
        SELECT *
        FROM patients
        WHERE
            patients.cell = c.cell
            AND (
                $4::uuid IS NULL
                OR ($2 = 'updated_at' AND (patients.updated_at, patients.patient_id) > ($3::timestamptz, $4))
                OR ($2 = '-updated_at' AND (patients.updated_at, patients.patient_id) < ($3, $4))
            )
        ORDER BY
            CASE $2::text WHEN 'updated_at' THEN patients.updated_at END,
            CASE $2 WHEN '-updated_at' THEN patients.updated_at END DESC,
            CASE $2 WHEN 'updated_at' THEN patients.patient_id END,
            patients.patient_id DESC
        LIMIT $5
    ) AS p
    ORDER BY
        CASE $2 WHEN 'updated_at' THEN p.updated_at END,
        CASE $2 WHEN '-updated_at' THEN p.updated_at END DESC,
        CASE $2 WHEN 'updated_at' THEN p.patient_id END,
        p.patient_id DESC
    LIMIT $5
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
FROM page AS p
INNER JOIN identities AS i USING (patient_id)
INNER JOIN cells AS c USING (cell)
ORDER BY
    CASE $2 WHEN 'updated_at' THEN p.updated_at END,
    CASE $2 WHEN '-updated_at' THEN p.updated_at END DESC,
    CASE $2 WHEN 'updated_at' THEN p.patient_id END,
    p.patient_id DESC
