-- $1 topic, $2 partitions, ascending: fences zombies and serialises two owners of a partition.
SELECT partition, next_offset
FROM inbox_offsets
WHERE topic = $1 AND partition = ANY($2::integer[])
ORDER BY partition
FOR UPDATE
