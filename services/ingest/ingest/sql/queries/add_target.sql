-- A new target, columns as named; nothing when the id is taken.
INSERT INTO targets
    (target_id, version, practice, name, state, rounds, from_date, to_date,
     invitations_per_slot, actor, saved_at, request_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (target_id) DO NOTHING
RETURNING target_id
