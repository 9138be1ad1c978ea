-- $1 target ids, $2 slot ids; returns those that stood.
DELETE FROM appointments AS a
USING unnest($1::text[], $2::text[]) AS n (target_id, slot_id)
WHERE a.target_id = n.target_id AND a.slot_id = n.slot_id
RETURNING a.slot_id
