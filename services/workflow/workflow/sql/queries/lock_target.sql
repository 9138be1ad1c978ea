-- $1 target id: nothing if another dispatcher works on it.
SELECT target_id FROM targets WHERE target_id = $1 FOR UPDATE SKIP LOCKED
