-- The patients of the target $1 with the NHS number $2: more than one where a patient was removed and
-- uploaded again.
SELECT patient_id::text FROM identities WHERE target_id = $1 AND nhs_number = $2
