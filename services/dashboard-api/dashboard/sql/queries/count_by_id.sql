-- How many of the patients $2 are in the cells $1, and how many of those have an appointment to come
-- after $3; who they are, the first $4 by name.
SELECT
    count(*) AS patients,
    count(*) FILTER (WHERE p.starts_at > $3) AS standing,
    (array_agg(coalesce(nullif(i.name, ''), 'Name not known') ORDER BY i.sort_name, p.patient_id))[1:$4::integer] AS names
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
WHERE p.cell = ANY($1::bigint[]) AND p.patient_id = ANY($2::uuid[])
