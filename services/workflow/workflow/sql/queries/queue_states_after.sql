-- $1 the id to go on after, $2 how many: what was stated last, in the order of targets.
SELECT target_id, version, rounds FROM queue_states
WHERE target_id > $1
ORDER BY target_id
LIMIT $2
FOR SHARE
