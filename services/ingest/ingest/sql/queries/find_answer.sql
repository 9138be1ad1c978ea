-- $1 idempotency key, $2 the machine time before which answers are forgotten.
SELECT request_digest, status, headers, body
FROM answers
WHERE idempotency_key = $1 AND kept_at >= $2
