-- $1 target.
SELECT * FROM targets WHERE target_id = $1
