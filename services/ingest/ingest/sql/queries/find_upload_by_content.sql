-- $1 target, $2 SHA-256 of the file: its latest reading.
SELECT answer, removals
FROM uploads
WHERE target_id = $1 AND fingerprint = $2
ORDER BY uploaded_at DESC, upload_id
LIMIT 1
