-- A page of the patients of the cells $1, at most $6 rows, in the order $2: name or nhs_number, with a -
-- before it backwards.  The page begins after the patient $5 of the target $3, whose place in the
-- order is $4; null for the first page.  Goes through the target in this order, by the index alone,
-- past those who are in other cells.  Whether somebody is in these is looked up one by one, for $7
-- patients at most; or, if $7 is null, in a hash of all who are.  The CASE keeps either from becoming a
-- join, which would not keep the order.
WITH ordered AS (
    SELECT i.patient_id, i.sort_name, i.nhs_number
    FROM identities AS i
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
    LIMIT $7::bigint
),

page AS (
    SELECT i.patient_id
    FROM ordered AS i
    WHERE
        CASE
            WHEN $7 IS NULL
                THEN i.patient_id IN (SELECT p.patient_id FROM patients AS p WHERE p.cell = ANY($1::bigint[]))
            ELSE (SELECT p.cell FROM patients AS p WHERE p.patient_id = i.patient_id) = ANY($1)
        END
    ORDER BY
        CASE $2::text WHEN 'name' THEN i.sort_name WHEN 'nhs_number' THEN i.nhs_number END,
        CASE $2 WHEN '-name' THEN i.sort_name WHEN '-nhs_number' THEN i.nhs_number END DESC,
        CASE WHEN $2 NOT LIKE '-%' THEN i.patient_id END,
        i.patient_id DESC
    LIMIT $6
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
FROM page
INNER JOIN identities AS i USING (patient_id)
INNER JOIN patients AS p USING (patient_id)
INNER JOIN cells AS c USING (cell)
ORDER BY
    CASE $2::text WHEN 'name' THEN i.sort_name WHEN 'nhs_number' THEN i.nhs_number END,
    CASE $2 WHEN '-name' THEN i.sort_name WHEN '-nhs_number' THEN i.nhs_number END DESC,
    CASE WHEN $2 NOT LIKE '-%' THEN i.patient_id END,
    i.patient_id DESC
