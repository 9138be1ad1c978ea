-- $1 target id.
INSERT INTO boards (target_id, version, content, next_start) VALUES ($1, 0, '', NULL)
ON CONFLICT (target_id) DO NOTHING
