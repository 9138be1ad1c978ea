-- All positions of this service.
SELECT topic, partition, next_offset, appended_at
FROM inbox_offsets
