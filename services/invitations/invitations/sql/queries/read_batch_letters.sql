-- $1 batch id: its letters in order.
SELECT invitation_id, content FROM letters WHERE batch_id = $1 ORDER BY place
