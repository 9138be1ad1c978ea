-- $1 the id to go on after, $2 how many: enrolments in the order of their ids, held against changes.
SELECT * FROM patients WHERE patient_id > $1 ORDER BY patient_id LIMIT $2 FOR SHARE
