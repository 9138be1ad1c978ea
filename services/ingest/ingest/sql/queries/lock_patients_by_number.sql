-- $1 target, $2 NHS numbers: all their enrolments there, removed or not, in key order.
SELECT * FROM patients
WHERE target_id = $1 AND nhs_number = ANY($2::text[])
ORDER BY nhs_number, enrolment
FOR UPDATE
