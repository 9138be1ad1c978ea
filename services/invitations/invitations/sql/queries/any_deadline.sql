-- $1 an instant: whether any open invitation has expired by then.
SELECT EXISTS (SELECT 1 FROM invitations WHERE state = 'open' AND expires_at <= $1)
