-- $1 now, $2 how many: invitations that go out again now, with the number of the attempt.
UPDATE resendings AS r
SET due_at = NULL
FROM (
    SELECT invitation_id FROM resendings WHERE due_at <= $1
    ORDER BY due_at, invitation_id LIMIT $2 FOR UPDATE SKIP LOCKED
) AS due
WHERE r.invitation_id = due.invitation_id
RETURNING r.invitation_id, r.attempt
