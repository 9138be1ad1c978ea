-- A batch was answered, once: $3 patients were changed by it.  The last one ends the errand.
WITH gone AS (
    DELETE FROM errand_patients WHERE errand_id = $1::uuid AND batch = $2 RETURNING batch
)

UPDATE errands SET
    sent = sent + (SELECT count(*) FROM gone),
    done = done + $3,
    problem = NULL,
    state = CASE WHEN sent + (SELECT count(*) FROM gone) >= asked THEN 'done' ELSE state END
WHERE errand_id = $1::uuid AND EXISTS (SELECT FROM gone)
