-- $1 person ids: their open invitations on every target, locked in order.
SELECT i.*, NULL::text AS appointment, NULL::timestamptz AS appointment_at
FROM invitations AS i
WHERE i.person_id = ANY($1::text[]) AND i.state = 'open'
    AND (i.channel = 'sms' OR i.channel LIKE 'sms-%')
ORDER BY i.invitation_id
FOR UPDATE
