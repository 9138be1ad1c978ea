-- Keep the highest version of a target's free slots by day.
INSERT INTO slot_days AS old (target_id, version, days, free, last_slot_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    days = excluded.days,
    free = excluded.free,
    last_slot_at = excluded.last_slot_at
WHERE old.version < excluded.version
