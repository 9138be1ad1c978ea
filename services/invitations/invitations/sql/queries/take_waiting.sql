-- $1 patient ids that are known now.
DELETE FROM waiting_messages WHERE patient_id = ANY($1::text[]) RETURNING partition, event
