-- $1 ids being published now, $2 this writer, $3 the age at which another writer's rows are
-- orphans (machine time), $4 how many rows.
SELECT id, topic, partition, records
FROM outbox
WHERE NOT (id = ANY($1::bigint[])) AND (writer = $2 OR stored_at < $3)
ORDER BY id
LIMIT $4
FOR UPDATE SKIP LOCKED
