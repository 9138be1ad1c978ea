-- How much waits to be published, and since when (machine time).
SELECT count(*) AS rows, coalesce(sum(record_count), 0)::bigint AS records, min(stored_at) AS oldest
FROM outbox
