-- $1 patient id, $2 round: the invitation behind a link, with what its page needs.
SELECT
    i.invitation_id,
    i.patient_id::text,
    i.target_id,
    i.state,
    i.expires_at,
    i.link_tries,
    p.date_of_birth,
    t.name AS target,
    t.practice,
    r.patient_id IS NOT NULL AS removed,
    a.starts_at AS appointment_at
FROM invitations AS i
INNER JOIN patients AS p ON p.patient_id = i.patient_id
INNER JOIN targets AS t ON t.target_id = i.target_id
LEFT JOIN removals AS r ON r.patient_id = i.patient_id
LEFT JOIN appointments AS a ON a.target_id = i.target_id AND a.person_id = i.person_id
WHERE i.patient_id = $1 AND i.round = $2
