-- $1 target: how many slots it has that are not withdrawn.
SELECT count(*) FROM slots WHERE target_id = $1 AND NOT withdrawn
