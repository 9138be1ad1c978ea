-- $1 partitions: waits for the batch of `patients` in hand and keeps the next one from beginning,
-- so that no dispatch is put to wait behind the back of the patient it waits for.
SELECT partition
FROM inbox_offsets
WHERE topic = 'patients' AND partition = ANY($1::integer[])
ORDER BY partition
FOR UPDATE
