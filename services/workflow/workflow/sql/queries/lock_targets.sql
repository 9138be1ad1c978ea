-- $1 target ids: those that no other dispatcher works on.
SELECT target_id FROM targets WHERE target_id = ANY($1::text[])
ORDER BY target_id
FOR UPDATE SKIP LOCKED
