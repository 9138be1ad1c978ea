-- $1 the id to go on after, $2 how many: targets in the order of their ids, held against changes.
SELECT * FROM targets WHERE target_id > $1 ORDER BY target_id LIMIT $2 FOR SHARE
