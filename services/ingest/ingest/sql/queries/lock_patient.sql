-- $1 patient.
SELECT * FROM patients WHERE patient_id = $1 FOR UPDATE
