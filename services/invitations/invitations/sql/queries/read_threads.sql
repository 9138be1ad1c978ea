-- $1 patient id: their invitations by text, in order, with how each stands.
SELECT
    i.invitation_id,
    i.target_id,
    i.round,
    i.channel,
    i.partition,
    i.state,
    i.reason,
    i.delivery,
    i.dispatched_at,
    i.expires_at
FROM invitations AS i
WHERE i.patient_id = $1 AND (i.channel = 'sms' OR i.channel LIKE 'sms-%')
ORDER BY i.round
