-- $1 now, $2 how many: letters of the first cut-off that has passed, in order, each with whether its
-- invitation is still open.
SELECT
    l.invitation_id,
    l.cut_off,
    i.patient_id,
    i.target_id,
    i.partition,
    i.channel,
    i.expires_at,
    i.state = 'open' AS going
FROM letters AS l
INNER JOIN invitations AS i ON i.invitation_id = l.invitation_id
WHERE l.batch_id IS NULL
    AND l.cut_off = (SELECT min(cut_off) FROM letters WHERE batch_id IS NULL AND cut_off <= $1)
ORDER BY l.invitation_id
LIMIT $2
FOR UPDATE OF l SKIP LOCKED
