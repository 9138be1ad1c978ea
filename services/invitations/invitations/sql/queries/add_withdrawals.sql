-- $1 invitation ids, $2 actors, $3 reasons, $4 when.
INSERT INTO withdrawals (invitation_id, actor, reason, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
ON CONFLICT (invitation_id) DO NOTHING
