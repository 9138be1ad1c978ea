-- $1 target id, $2 version, $3 content, $4 when the next free slot begins.
UPDATE boards SET version = $2, content = $3, next_start = $4 WHERE target_id = $1
