-- $1 target, $2 NHS numbers: the latest enrolment of each there, and whether it stands.
SELECT nhs_number, max(enrolment) AS enrolment, bool_or(removed_at IS NULL) AS stands
FROM patients
WHERE target_id = $1 AND nhs_number = ANY($2::text[])
GROUP BY nhs_number
