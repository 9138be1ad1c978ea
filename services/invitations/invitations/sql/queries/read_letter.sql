-- $1 invitation id: whose letter, and what it says once it is in a batch.
SELECT l.content, l.cut_off, i.patient_id, i.expires_at
FROM letters AS l
INNER JOIN invitations AS i ON i.invitation_id = l.invitation_id
WHERE l.invitation_id = $1
