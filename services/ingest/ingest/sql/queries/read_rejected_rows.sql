-- $1 upload, $2 the last row already read, $3 how many: the next rejected rows of the file.
SELECT row, cells, reason
FROM rejected_rows
WHERE upload_id = $1 AND row > $2
ORDER BY row
LIMIT $3
