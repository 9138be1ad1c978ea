-- $1 ids of rows whose records the broker has acknowledged.
DELETE FROM outbox WHERE id = ANY($1::bigint[])
