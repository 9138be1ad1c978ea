-- Settle whom the errand $1 is for: everyone in the cells $2, in batches of $3.
INSERT INTO errand_patients (errand_id, batch, patient_id)
SELECT $1::uuid, (row_number() OVER (ORDER BY patient_id) - 1) / $3::bigint, patient_id
FROM patients
WHERE cell = ANY($2::bigint[])
