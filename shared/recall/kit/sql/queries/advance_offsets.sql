-- $1 topic, $2 partitions, $3 next offsets, $4 when the last folded record was appended.
UPDATE inbox_offsets AS o
SET next_offset = n.next_offset, appended_at = n.appended_at
FROM unnest($2::integer[], $3::bigint[], $4::timestamptz[]) AS n (partition, next_offset, appended_at)
WHERE o.topic = $1 AND o.partition = n.partition
