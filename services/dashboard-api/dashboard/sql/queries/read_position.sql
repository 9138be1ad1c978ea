-- Where a patient stands in the sorted lists of a target.
SELECT p.sort_name, p.nhs_number
FROM patients AS p
WHERE p.target_id = $1 AND p.patient_id = $2::uuid AND p.cell IS NOT NULL
