-- $1 an instant: whether any open invitation has expired by then.  Asked for the earliest, since the
-- planner would read the whole table for one of many.
SELECT coalesce(min(expires_at) <= $1, false) FROM invitations WHERE state = 'open'
