-- $1 how many: the latest batches.
SELECT batch_id, cut_off, part, letters, formed_at FROM letter_batches
ORDER BY cut_off DESC, part DESC
LIMIT $1
