-- $1 the id to go on after, $2 how many: what was published last, in the order of targets.
SELECT target_id, version, content FROM boards
WHERE target_id > $1
ORDER BY target_id
LIMIT $2
FOR SHARE
