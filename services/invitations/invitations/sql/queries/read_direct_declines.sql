-- $1 patient ids: who declined by phone and when, of those who did.
SELECT patient_id, declined_at, actor
FROM direct_answers
WHERE patient_id = ANY($1::text[]) AND declined_at IS NOT NULL
