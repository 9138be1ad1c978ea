-- $1 the hash of a letter's code: its invitation.
SELECT invitation_id FROM invitations WHERE code_hash = $1
