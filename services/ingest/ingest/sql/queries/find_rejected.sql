-- $1 upload: its file's header, how many of its rejected rows are kept, and how wide they are.
-- A closed target has none, though the rows may be erased a moment later.
SELECT
    u.header,
    CASE t.state WHEN 'closed' THEN 0 ELSE u.rejected_kept END AS kept,
    (SELECT coalesce(max(cardinality(r.cells)), 0) FROM rejected_rows AS r WHERE r.upload_id = u.upload_id) AS width
FROM uploads AS u
INNER JOIN targets AS t USING (target_id)
WHERE u.upload_id = $1
