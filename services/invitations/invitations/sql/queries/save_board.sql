-- $1 target id, $2 version, $3 content, $4 how many are booked, $5 when the next free slot begins.
UPDATE boards SET version = $2, content = $3, booked = $4, next_start = $5 WHERE target_id = $1
