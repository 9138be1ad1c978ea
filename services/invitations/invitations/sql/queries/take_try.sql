-- $1 patient id, $2 round, $3 the most tries: one more try, if one is left.
UPDATE invitations SET link_tries = link_tries + 1
WHERE patient_id = $1 AND round = $2 AND link_tries < $3
RETURNING link_tries
