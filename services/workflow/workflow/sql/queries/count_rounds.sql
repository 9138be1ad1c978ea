-- $1 target ids: how many rounds each has.
SELECT target_id, jsonb_array_length(rounds) AS rounds
FROM targets
WHERE target_id = ANY($1::text[])
