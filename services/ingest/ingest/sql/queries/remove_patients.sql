-- $1 patients, $2 business time.
UPDATE patients SET removed_at = $2 WHERE patient_id = ANY($1::text[])
