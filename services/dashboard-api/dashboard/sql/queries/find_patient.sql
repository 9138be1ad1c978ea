-- The patient of the target $1 with the NHS number $2: who was removed and uploaded again is found as
-- they are now, who was only removed is found, too.
SELECT p.patient_id::text
FROM identities AS i
INNER JOIN patients AS p USING (patient_id)
INNER JOIN cells AS c USING (cell)
WHERE i.target_id = $1 AND i.nhs_number = $2
ORDER BY c.status = 'removed', p.updated_at DESC, p.patient_id
LIMIT 1
