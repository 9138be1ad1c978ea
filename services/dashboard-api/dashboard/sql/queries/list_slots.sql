-- $1 target, its slots that start between $2 and $3, at most $4, by start.
SELECT s.slot_id, s.starts_at, s.minutes, s.clinician, p.slot_id IS NOT NULL AS booked
FROM slots AS s
LEFT JOIN patients AS p ON p.target_id = $1 AND p.starts_at IS NOT NULL AND p.slot_id = s.slot_id
WHERE
    s.target_id = $1
    AND s.starts_at >= $2
    AND s.starts_at < $3
    AND (NOT s.withdrawn OR p.slot_id IS NOT NULL)
ORDER BY s.starts_at, s.clinician, s.slot_id
LIMIT $4
