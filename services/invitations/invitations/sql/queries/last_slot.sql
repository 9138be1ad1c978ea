-- $1 target id: when its last slot begins, free or not.
SELECT max(starts_at) FROM slots WHERE target_id = $1 AND NOT withdrawn
