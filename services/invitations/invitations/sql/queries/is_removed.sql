-- $1 patient id.
SELECT EXISTS (SELECT 1 FROM removals WHERE patient_id = $1)
