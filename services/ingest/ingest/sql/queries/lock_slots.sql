-- $1 target, $2 slots: those of them that are known, in key order.
SELECT slot_id, version, starts_at, minutes, clinician, withdrawn
FROM slots
WHERE target_id = $1 AND slot_id = ANY($2::text[])
ORDER BY slot_id
FOR UPDATE
