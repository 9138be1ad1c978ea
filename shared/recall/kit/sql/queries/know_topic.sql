-- $1 topic, $2 partitions, $3 the broker's id of the topic: kept where nothing has been folded yet, or none is
-- known; returns the partitions whose offsets are of another topic of that name.
UPDATE inbox_offsets
SET topic_id = CASE WHEN next_offset = 0 OR topic_id IS NULL THEN $3 ELSE topic_id END
WHERE topic = $1 AND partition = ANY($2::integer[])
RETURNING partition, topic_id <> $3 AS is_other
