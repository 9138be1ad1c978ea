-- $1 patient ids: all their invitations, locked in order, each with the person's appointment.
SELECT i.*, a.slot_id AS appointment, a.starts_at AS appointment_at
FROM invitations AS i
LEFT JOIN appointments AS a ON a.target_id = i.target_id AND a.person_id = i.person_id
WHERE i.patient_id = ANY($1::text[])
ORDER BY i.invitation_id
FOR UPDATE OF i
