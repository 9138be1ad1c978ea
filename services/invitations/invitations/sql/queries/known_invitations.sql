-- $1 patient ids, $2 rounds: those that there is an invitation of.
SELECT i.patient_id, i.round
FROM unnest($1::uuid[], $2::smallint[]) AS n (patient_id, round)
INNER JOIN invitations AS i ON i.patient_id = n.patient_id AND i.round = n.round
