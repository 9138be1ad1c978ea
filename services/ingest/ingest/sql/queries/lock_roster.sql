-- $1 target: one upload at a time adds patients to it.
SELECT next_position FROM rosters WHERE target_id = $1 FOR UPDATE
