-- $1 the id to go on after, or an empty text, $2 how many: patients in the order of their ids, held
-- against changes.
SELECT
    patient_id::text, target_id, partition, position, enrolment_version, nhs_number, date_of_birth,
    has_mobile, has_address, has_carer_mobile, round, invited_round, status, description, until,
    alert, delivery, slot_id, slot_starts_at, outcome_version, noted_version, version, actor,
    reason, updated_at
FROM patients AS p
WHERE p.patient_id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY p.patient_id
LIMIT $2
FOR SHARE
