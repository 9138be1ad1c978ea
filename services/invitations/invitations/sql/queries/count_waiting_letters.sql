-- $1 target id, or null for all: how many letters wait for their cut-off.
SELECT count(*) FROM letters WHERE batch_id IS NULL AND ($1::text IS NULL OR target_id = $1)
