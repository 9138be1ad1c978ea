-- Patients whose rows are locked, and everything about them that an event may change.
UPDATE patients AS p
SET
    round = n.round,
    invited_round = n.invited_round,
    status = n.status,
    description = n.description,
    until = n.until,
    alert = n.alert,
    delivery = n.delivery,
    slot_id = n.slot_id,
    slot_starts_at = n.slot_starts_at,
    outcome_version = n.outcome_version,
    noted_version = n.noted_version,
    version = n.version,
    actor = n.actor,
    reason = n.reason,
    updated_at = n.updated_at
FROM unnest(
    $1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[],
    $15::text[], $16::text[]
) AS n (
    patient_id, round, invited_round, status, description, until, alert, delivery, slot_id,
    slot_starts_at, outcome_version, noted_version, version, actor, reason, updated_at
)
WHERE p.patient_id = n.patient_id AND p.version <= n.version
