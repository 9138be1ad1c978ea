-- $1 an idempotency key: a repeat that comes while the first is at work waits for its answer.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
