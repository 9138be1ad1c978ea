-- $1 target id, $2 how many: open invitations whose replies need a person, the longest waiting first.
SELECT
    i.invitation_id,
    i.patient_id::text,
    i.round,
    i.channel,
    i.expires_at,
    i.offer_a,
    i.offer_b,
    i.offer_c,
    p.nhs_number,
    p.first_name,
    p.last_name,
    (
        SELECT max(r.received_at) FROM replies AS r
        WHERE r.invitation_id = i.invitation_id AND r.meaning = 'unknown'
    ) AS last_at
FROM invitations AS i
INNER JOIN patients AS p ON p.patient_id = i.patient_id
WHERE i.target_id = $1 AND i.needs_reply
ORDER BY last_at, i.invitation_id
LIMIT $2
