-- $1 upload.
SELECT answer FROM uploads WHERE upload_id = $1
