-- $1 patient id, $2 how many events were said, $3 when the patient declined, $4 who took it.
INSERT INTO direct_answers (patient_id, said, declined_at, actor)
VALUES ($1, $2, $3, $4)
ON CONFLICT (patient_id) DO UPDATE
SET said = excluded.said, declined_at = excluded.declined_at, actor = excluded.actor
