-- How many appointments after $3 the patients of the cells $2 have, counted no further than $5; not null
-- $4 are the only patients asked for.
SELECT count(*)
FROM (
    SELECT
    FROM patients AS p
    WHERE
        p.target_id = $1
        AND p.starts_at > $3
        AND p.cell = ANY($2::bigint[])
        AND ($4::uuid[] IS NULL OR p.patient_id = ANY($4))
    LIMIT $5
)
