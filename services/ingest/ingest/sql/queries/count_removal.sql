-- $1 target: somebody was removed, so that files are read again.
UPDATE targets SET removals = removals + 1 WHERE target_id = $1
