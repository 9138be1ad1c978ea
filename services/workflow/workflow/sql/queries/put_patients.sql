-- All columns in the table's order, patients not met yet and those known, in the order of the ids.
INSERT INTO patients (
    patient_id, target_id, partition, position, enrolment_version, nhs_number, date_of_birth,
    has_mobile, has_address, has_carer_mobile, round, invited_round, status, description, until,
    alert, delivery, slot_id, slot_starts_at, outcome_version, noted_version, version, actor,
    reason, updated_at
)
SELECT *
FROM unnest(
    $1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
    $8::boolean[], $9::boolean[], $10::boolean[], $11::integer[], $12::integer[], $13::text[],
    $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[],
    $21::bigint[], $22::bigint[], $23::text[], $24::text[], $25::text[]
)
ON CONFLICT (patient_id) DO UPDATE SET
    position = excluded.position,
    enrolment_version = excluded.enrolment_version,
    nhs_number = excluded.nhs_number,
    date_of_birth = excluded.date_of_birth,
    has_mobile = excluded.has_mobile,
    has_address = excluded.has_address,
    has_carer_mobile = excluded.has_carer_mobile,
    round = excluded.round,
    invited_round = excluded.invited_round,
    status = excluded.status,
    description = excluded.description,
    until = excluded.until,
    alert = excluded.alert,
    delivery = excluded.delivery,
    slot_id = excluded.slot_id,
    slot_starts_at = excluded.slot_starts_at,
    outcome_version = excluded.outcome_version,
    noted_version = excluded.noted_version,
    version = excluded.version,
    actor = excluded.actor,
    reason = excluded.reason,
    updated_at = excluded.updated_at
WHERE patients.enrolment_version < excluded.enrolment_version
