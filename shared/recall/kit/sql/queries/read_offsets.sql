-- All positions of this service, and the broker's ids of the topics that they are of.
SELECT topic, partition, next_offset, appended_at, topic_id
FROM inbox_offsets
