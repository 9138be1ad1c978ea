-- Columns as in the table; a repeat stands once.
INSERT INTO waiting_messages (event_id, patient_id, partition, event)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bytea[])
ON CONFLICT (event_id) DO NOTHING
