-- $1 invitation id: one more wrong date of birth.
UPDATE invitations SET link_tries = link_tries + 1 WHERE invitation_id = $1
