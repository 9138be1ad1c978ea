-- Columns as in the table; a forgotten answer gives way.
INSERT INTO answers (idempotency_key, request_digest, status, headers, body, kept_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (idempotency_key) DO UPDATE
SET
    request_digest = excluded.request_digest, status = excluded.status,
    headers = excluded.headers, body = excluded.body, kept_at = excluded.kept_at
