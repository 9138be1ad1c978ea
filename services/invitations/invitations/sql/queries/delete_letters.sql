-- $1 patient ids, $2 rounds: letters that nobody needs any more, never one that is in a batch.
DELETE FROM letters AS l
USING unnest($1::uuid[], $2::smallint[]) AS n (patient_id, round)
WHERE l.patient_id = n.patient_id AND l.round = n.round AND l.batch_id IS NULL
