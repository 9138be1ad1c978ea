-- Where a patient stands in the sorted lists of a target.
SELECT i.sort_name, i.nhs_number
FROM identities AS i
INNER JOIN patients AS p USING (patient_id)
WHERE i.target_id = $1 AND i.patient_id = $2::uuid
