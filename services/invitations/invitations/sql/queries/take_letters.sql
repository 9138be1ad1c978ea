-- $1 now, $2 how many: letters of the first cut-off that has passed, in order, each with whether its
-- invitation is still open.
SELECT
    l.invitation_id,
    l.cut_off,
    l.patient_id::text,
    i.target_id,
    i.partition,
    i.channel,
    i.expires_at,
    i.state = 'open' AS going
FROM letters AS l
INNER JOIN invitations AS i USING (patient_id, round)
WHERE l.batch_id IS NULL
    AND l.cut_off = (SELECT min(cut_off) FROM letters WHERE batch_id IS NULL AND cut_off <= $1)
ORDER BY l.patient_id, l.round
LIMIT $2
FOR UPDATE OF l SKIP LOCKED
