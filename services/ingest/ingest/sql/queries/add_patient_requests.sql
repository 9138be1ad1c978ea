-- $1 patients, $2 what is asked, $3 command id, $4 actor, $5 reason, $6 business time.
INSERT INTO patient_requests (patient_id, what, command_id, actor, reason, requested_at)
SELECT patient_id, $2, $3, $4, $5, $6 FROM unnest($1::text[]) AS patient_id
