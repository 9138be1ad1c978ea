-- $1 the instant up to which reports have been read, $2 partitions, $3 how many, in due order.
SELECT
    i.patient_id,
    i.target_id,
    i.person_id,
    i.round,
    i.channel,
    i.template_version,
    i.partition,
    i.state,
    i.dispatched_at,
    i.expires_at,
    i.ended_at,
    i.delivery,
    i.reason,
    i.offer_a,
    i.offer_b,
    i.offer_c,
    i.helped,
    i.needs_reply,
    i.said,
    NULL::text AS appointment,
    NULL::timestamptz AS appointment_at
FROM invitations AS i
WHERE i.state = 'open' AND i.expires_at <= $1 AND i.partition = ANY($2::smallint[])
ORDER BY i.expires_at, i.patient_id
LIMIT $3
FOR UPDATE SKIP LOCKED
