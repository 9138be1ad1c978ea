-- The patients of one batch of an errand, in a fixed order.
SELECT patient_id::text FROM errand_patients WHERE errand_id = $1::uuid AND batch = $2 ORDER BY patient_id
