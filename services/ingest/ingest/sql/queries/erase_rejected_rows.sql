-- Erase the rejected rows of $2 uploads read before $1, or of closed targets; returns the uploads.
WITH due AS (
    SELECT u.upload_id
    FROM uploads AS u
    INNER JOIN targets AS t USING (target_id)
    WHERE u.rejected_kept > 0 AND (u.uploaded_at < $1 OR t.state = 'closed')
    ORDER BY u.uploaded_at
    LIMIT $2
    FOR UPDATE OF u SKIP LOCKED
),

gone AS (
    DELETE FROM rejected_rows WHERE upload_id IN (SELECT due.upload_id FROM due)
)

UPDATE uploads SET rejected_kept = 0
WHERE upload_id IN (SELECT due.upload_id FROM due)
RETURNING upload_id
