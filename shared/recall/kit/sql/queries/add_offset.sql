-- $1 topic, $2 partition, $3 the offset to begin at.
INSERT INTO inbox_offsets (topic, partition, next_offset)
VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO NOTHING
