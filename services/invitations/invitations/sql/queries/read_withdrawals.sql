-- $1 invitation ids.
SELECT invitation_id, actor, reason, at FROM withdrawals WHERE invitation_id = ANY($1::text[])
