-- $1 the place to go on after, $2 how many: what was asked, with what it takes to tell it.
SELECT r.*, p.target_id, p.person_id, p.partition
FROM patient_requests AS r
JOIN patients AS p USING (patient_id)
WHERE r.place > $1
ORDER BY r.place
LIMIT $2
