-- $1 patient id, $2 round: whose letter, and what it says once it is in a batch.
SELECT l.content, l.cut_off, l.patient_id::text, i.expires_at
FROM letters AS l
INNER JOIN invitations AS i USING (patient_id, round)
WHERE l.patient_id = $1 AND l.round = $2
