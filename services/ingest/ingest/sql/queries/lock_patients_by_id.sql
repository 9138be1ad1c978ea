-- $1 target, $2 patients: those of them on the target, removed or not, in key order.
SELECT * FROM patients
WHERE target_id = $1 AND patient_id = ANY($2::text[])
ORDER BY nhs_number, enrolment
FOR UPDATE
