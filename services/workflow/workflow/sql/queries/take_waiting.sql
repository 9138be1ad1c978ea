-- $1 patient ids: what waited for them, which now waits no more.
DELETE FROM waiting_messages
WHERE patient_id = ANY($1::uuid[])
RETURNING patient_id::text, topic, record_value
