-- $1 patient ids, $2 rounds, $3 the cut-off of them all: letters that wait for it.
INSERT INTO letters (patient_id, round, cut_off)
SELECT
    l.patient_id,
    l.round,
    $3
FROM unnest($1::uuid[], $2::smallint[]) AS l (patient_id, round)
ON CONFLICT DO NOTHING
