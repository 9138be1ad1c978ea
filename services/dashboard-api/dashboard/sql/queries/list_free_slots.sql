-- Slots of a target that can be booked: not withdrawn, after $2, in [$3, $4) and of no patient; by start.
SELECT s.slot_id, s.starts_at, s.minutes, s.clinician
FROM slots AS s
WHERE
    s.target_id = $1
    AND NOT s.withdrawn
    AND s.starts_at > $2
    AND s.starts_at >= $3
    AND s.starts_at < $4
    AND NOT EXISTS (
        SELECT FROM patients AS p
        WHERE p.target_id = s.target_id AND p.starts_at = s.starts_at AND p.slot_id = s.slot_id
    )
ORDER BY s.starts_at, s.slot_id
LIMIT $5
