-- $1 a partition: waits for the batches in hand that may make an invitation of one of its patients,
-- and keeps the next one from beginning.
SELECT topic
FROM inbox_offsets
WHERE topic IN ('dispatches', 'patients') AND partition = $1
ORDER BY topic
FOR UPDATE
