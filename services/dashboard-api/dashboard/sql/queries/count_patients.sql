-- How many patients of the cells $1 have the NHS number $2: more than one where a patient was removed
-- and uploaded again.
SELECT count(*)
FROM cells AS c
INNER JOIN patients AS p USING (cell)
WHERE c.cell = ANY($1::bigint[]) AND p.nhs_number = $2
