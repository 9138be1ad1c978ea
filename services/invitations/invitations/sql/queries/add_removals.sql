-- $1 patient ids.
INSERT INTO removals (patient_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING
