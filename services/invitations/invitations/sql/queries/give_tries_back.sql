-- $1 patient id, $2 round: the right date of birth was given.
UPDATE invitations SET link_tries = 0 WHERE patient_id = $1 AND round = $2
