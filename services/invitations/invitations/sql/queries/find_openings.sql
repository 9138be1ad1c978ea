-- $1 the beginning of the hash of a code: the invitations that it may open, one but for a rare chance.
SELECT invitation_id FROM invitations WHERE opening = $1
