-- $1 target id, $2 rounds that send, $3 how many: later rounds first, then upload order.  Rows that
-- somebody else is changing are left for the next pass, so that a dispatcher waits for nobody.
SELECT
    patient_id::text, target_id, partition, position, enrolment_version, nhs_number, date_of_birth,
    has_mobile, has_address, has_carer_mobile, round, invited_round, status, description, until,
    alert, delivery, slot_id, slot_starts_at, outcome_version, noted_version, version, actor,
    reason, updated_at
FROM patients
WHERE target_id = $1 AND status = 'in_queue' AND round = ANY($2::integer[])
ORDER BY round DESC, position
LIMIT $3
FOR UPDATE SKIP LOCKED
