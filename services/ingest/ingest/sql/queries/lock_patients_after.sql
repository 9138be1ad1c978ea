-- $1 target, $2 the NHS number to go on after, $3 how many: those who stand on the target.
SELECT * FROM patients
WHERE target_id = $1 AND nhs_number > $2 AND removed_at IS NULL
ORDER BY nhs_number, enrolment
LIMIT $3
FOR UPDATE
