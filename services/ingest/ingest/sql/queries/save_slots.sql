-- $1 target, then slots by column: new ones, and withdrawn ones released again.
INSERT INTO slots (target_id, slot_id, version, starts_at, minutes, clinician, withdrawn)
SELECT $1, n.slot_id, n.version, n.starts_at, n.minutes, n.clinician, false
FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::integer[], $6::text[])
    AS n (slot_id, version, starts_at, minutes, clinician)
ON CONFLICT (target_id, slot_id) DO UPDATE
SET
    version = excluded.version, starts_at = excluded.starts_at, minutes = excluded.minutes,
    clinician = excluded.clinician, withdrawn = false
