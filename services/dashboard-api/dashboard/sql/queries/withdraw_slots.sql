-- $1 targets, $2 slots, $3 versions: mark those that are not withdrawn at a higher one.
UPDATE slots AS s SET withdrawn = true, version = gone.version
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS gone (target_id, slot_id, version)
WHERE s.target_id = gone.target_id AND s.slot_id = gone.slot_id AND s.version < gone.version
