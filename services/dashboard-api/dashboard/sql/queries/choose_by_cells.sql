-- Settle whom the errand $1 is for: everyone in the cells $2, with the NHS number $3 if one is given,
-- in batches of $4.
INSERT INTO errand_patients (errand_id, batch, patient_id)
SELECT $1::uuid, (row_number() OVER (ORDER BY patient_id) - 1) / $4::bigint, patient_id
FROM patients
WHERE cell = ANY($2::bigint[]) AND ($3::text IS NULL OR nhs_number = $3)
