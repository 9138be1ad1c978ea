-- $1 an NHS number or a mobile, $2 how many: the patients whom it belongs to, carers' mobiles too.
SELECT p.patient_id::text, p.first_name, p.last_name, p.nhs_number, t.name AS target
FROM patients AS p
INNER JOIN targets AS t ON t.target_id = p.target_id
WHERE p.nhs_number = $1 OR p.mobile = $1 OR p.carer_mobile = $1
ORDER BY t.name, p.last_name, p.first_name, p.patient_id
LIMIT $2
