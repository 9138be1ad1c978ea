-- Settle whom the errand $1 is for: those of the patients $3 who are in the cells $2, in batches of $4.
INSERT INTO errand_patients (errand_id, batch, patient_id)
SELECT $1::uuid, (row_number() OVER (ORDER BY patient_id) - 1) / $4::bigint, patient_id
FROM patients
WHERE cell = ANY($2::bigint[]) AND patient_id = ANY($3::uuid[])
