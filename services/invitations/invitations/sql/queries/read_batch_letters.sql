-- $1 batch id, $2 target id, or null for all: the batch's letters in order.
SELECT invitation_id, content FROM letters
WHERE batch_id = $1 AND ($2::text IS NULL OR target_id = $2)
ORDER BY place
