-- An errand of a target.
SELECT errand_id::text, target_id, act, back, reason, actor, asked_at, asked, sent, done, state, problem
FROM errands
WHERE target_id = $1 AND errand_id = $2::uuid
