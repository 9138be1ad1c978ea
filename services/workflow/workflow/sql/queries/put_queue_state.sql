-- Columns as in the table; the target's row is locked.
INSERT INTO queue_states AS q (target_id, version, rounds)
VALUES ($1, $2, $3)
ON CONFLICT (target_id) DO UPDATE SET version = excluded.version, rounds = excluded.rounds
WHERE q.version < excluded.version
