-- $1 invitation id, $2 the most tries: one more try, if one is left.
UPDATE invitations SET link_tries = link_tries + 1
WHERE invitation_id = $1 AND link_tries < $2
RETURNING link_tries
