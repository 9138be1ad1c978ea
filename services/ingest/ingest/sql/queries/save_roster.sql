-- $1 target, $2 the position of the next patient.
UPDATE rosters SET next_position = $2 WHERE target_id = $1
