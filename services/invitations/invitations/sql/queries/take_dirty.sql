-- $1 now: targets to count anew, because something changed or a slot has begun, and how many more
-- appointments they have; marks are used up.
WITH used AS (
    DELETE FROM dirty_marks
    WHERE id IN (SELECT id FROM dirty_marks ORDER BY id LIMIT 100000 FOR UPDATE SKIP LOCKED)
    RETURNING target_id, booked
)
SELECT target_id, sum(booked)::bigint AS booked
FROM (
    SELECT target_id, booked FROM used
    UNION ALL
    SELECT target_id, 0 FROM boards WHERE next_start <= $1
) AS found
GROUP BY target_id
ORDER BY target_id
