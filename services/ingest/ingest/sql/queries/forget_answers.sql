-- $1 the machine time before which answers are forgotten, $2 how many at once.
DELETE FROM answers
WHERE idempotency_key IN (
    SELECT idempotency_key FROM answers WHERE kept_at < $1 LIMIT $2
)
RETURNING idempotency_key
