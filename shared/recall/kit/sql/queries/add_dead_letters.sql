-- Columns as in the table; a record that comes again stands once.
INSERT INTO dead_letters
    (topic, partition, record_offset, record_key, record_value, reason, detail, stored_at)
SELECT *
FROM unnest(
    $1::text[], $2::integer[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[], $7::text[],
    $8::timestamptz[]
)
ON CONFLICT (topic, partition, record_offset) DO NOTHING
