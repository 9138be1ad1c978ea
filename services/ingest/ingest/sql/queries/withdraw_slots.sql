-- $1 target, $2 locked slots, $3 the new version of each.
UPDATE slots AS s SET withdrawn = true, version = gone.version
FROM unnest($2::text[], $3::bigint[]) AS gone (slot_id, version)
WHERE s.target_id = $1 AND s.slot_id = gone.slot_id
