-- $1 patient ids, $2 rounds.  A pair that is there already is an error, and rightly so.
INSERT INTO dispatched (patient_id, round)
SELECT * FROM unnest($1::uuid[], $2::integer[])
