-- Columns as in the table; a repeat waits once.
INSERT INTO waiting_messages (patient_id, event_id, topic, record_value)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
ON CONFLICT (patient_id, event_id) DO NOTHING
