-- How many letters wait for their cut-off.
SELECT count(*) FROM letters WHERE batch_id IS NULL
