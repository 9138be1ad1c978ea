-- $1 topics, $2 partitions, $3 records, $4 record counts, $5 writer, $6 machine time.
INSERT INTO outbox (topic, partition, records, record_count, writer, stored_at)
SELECT t.topic, t.partition, t.records, t.record_count, $5, $6
FROM unnest($1::text[], $2::integer[], $3::bytea[], $4::integer[])
    WITH ORDINALITY AS t (topic, partition, records, record_count, place)
ORDER BY t.place
RETURNING id
