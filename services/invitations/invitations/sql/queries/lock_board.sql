-- $1 target id: one publisher counts a target at a time.
SELECT version, content, booked FROM boards WHERE target_id = $1 FOR UPDATE
