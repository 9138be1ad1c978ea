-- $1 patient ids: their rows, locked in the order of the ids.
SELECT
    patient_id::text, target_id, partition, position, enrolment_version, nhs_number, date_of_birth,
    has_mobile, has_address, has_carer_mobile, round, invited_round, status, description, until,
    alert, delivery, slot_id, slot_starts_at, outcome_version, noted_version, version, actor,
    reason, updated_at
FROM patients AS p
WHERE p.patient_id = ANY($1::uuid[])
ORDER BY p.patient_id
FOR UPDATE
