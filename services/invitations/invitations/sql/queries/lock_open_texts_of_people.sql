-- $1 person ids: their open invitations on every target, locked in order.
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
WHERE i.patient_id IN (SELECT p.patient_id FROM patients AS p WHERE p.person_id = ANY($1::uuid[]))
    AND i.state = 'open'
    AND (i.channel = 'sms' OR i.channel LIKE 'sms-%')
ORDER BY i.patient_id, i.round
FOR UPDATE
