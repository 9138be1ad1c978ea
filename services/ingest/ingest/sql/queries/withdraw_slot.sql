-- $1 target, $2 slot, $3 its new version.
UPDATE slots SET withdrawn = true, version = $3 WHERE target_id = $1 AND slot_id = $2
