-- $1 upload: its answer, and how many of its rejected rows are kept still.
SELECT
    u.answer,
    CASE t.state WHEN 'closed' THEN 0 ELSE u.rejected_kept END AS kept
FROM uploads AS u
INNER JOIN targets AS t USING (target_id)
WHERE u.upload_id = $1
