-- $1 target and $2 slot to go on after, $3 how many: slots in key order, held against changes.
SELECT target_id, slot_id, version, starts_at, minutes, clinician, withdrawn
FROM slots
WHERE (target_id, slot_id) > ($1, $2)
ORDER BY target_id, slot_id
LIMIT $3
FOR SHARE
