-- $1 an upload that is not kept after all.
DELETE FROM rejected_rows WHERE upload_id = $1
