-- $1 batch id, $2 patient ids, $3 rounds, $4 places, $5 what they say: letters into their batch.
UPDATE letters AS l
SET batch_id = $1, place = n.place, content = n.content
FROM unnest($2::uuid[], $3::smallint[], $4::smallint[], $5::bytea[])
    AS n (patient_id, round, place, content)
WHERE l.patient_id = n.patient_id AND l.round = n.round AND l.batch_id IS NULL
