-- $1 target: the first patient has position 1.
INSERT INTO rosters (target_id, next_position) VALUES ($1, 1)
