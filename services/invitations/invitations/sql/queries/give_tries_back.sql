-- $1 invitation id: the right date of birth was given.
UPDATE invitations SET link_tries = 0 WHERE invitation_id = $1
