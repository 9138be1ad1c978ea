-- $1 patient ids, $2 rounds, $3 the cut-off of them all: letters that wait for it.
INSERT INTO letters (patient_id, round, target_id, cut_off)
SELECT
    i.patient_id,
    i.round,
    i.target_id,
    $3
FROM unnest($1::uuid[], $2::smallint[]) AS l (patient_id, round)
INNER JOIN invitations AS i ON i.patient_id = l.patient_id AND i.round = l.round
ON CONFLICT DO NOTHING
