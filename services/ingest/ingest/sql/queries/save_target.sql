-- A changed target, columns as named; its row is locked.
UPDATE targets
SET
    version = $2, practice = $3, name = $4, state = $5, rounds = $6, from_date = $7,
    to_date = $8, invitations_per_slot = $9, actor = $10, saved_at = $11
WHERE target_id = $1
