-- How many appointments after $3 the patients of the cells $2 of the target $1 have, counted no further
-- than $4.
SELECT count(*)
FROM (
    SELECT
    FROM patients AS p
    WHERE p.target_id = $1 AND p.starts_at > $3 AND p.cell = ANY($2::bigint[])
    LIMIT $4
)
