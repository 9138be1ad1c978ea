-- $1 target, $2 how many: its latest uploads, the last read first.
SELECT
    u.answer,
    CASE t.state WHEN 'closed' THEN 0 ELSE u.rejected_kept END AS kept
FROM uploads AS u
INNER JOIN targets AS t USING (target_id)
WHERE u.target_id = $1
ORDER BY u.uploaded_at DESC, u.upload_id
LIMIT $2
