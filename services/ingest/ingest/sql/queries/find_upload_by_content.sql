-- $1 target, $2 SHA-256 of the file: its latest reading (business time may stand still).
SELECT answer, removals
FROM uploads
WHERE target_id = $1 AND fingerprint = $2
ORDER BY removals DESC
LIMIT 1
