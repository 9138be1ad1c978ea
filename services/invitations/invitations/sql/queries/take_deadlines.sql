-- $1 the instant up to which reports have been read, $2 partitions, $3 how many, in due order.
SELECT i.*, NULL::text AS appointment, NULL::timestamptz AS appointment_at
FROM invitations AS i
WHERE i.state = 'open' AND i.expires_at <= $1 AND i.partition = ANY($2::smallint[])
ORDER BY i.expires_at, i.invitation_id
LIMIT $3
FOR UPDATE SKIP LOCKED
