-- $1 now: targets to count anew, because something changed or a slot has begun; marks are used up.
WITH used AS (
    DELETE FROM dirty_marks
    WHERE id IN (SELECT id FROM dirty_marks ORDER BY id LIMIT 100000 FOR UPDATE SKIP LOCKED)
    RETURNING target_id
)
SELECT target_id FROM used
UNION
SELECT target_id FROM boards WHERE next_start <= $1
ORDER BY target_id
