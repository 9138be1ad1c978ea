-- $1 target ids, $2 slot ids, $3 whether booked: of slots this transaction has locked.
UPDATE slots AS s
SET booked = n.booked
FROM unnest($1::text[], $2::text[], $3::boolean[]) AS n (target_id, slot_id, booked)
WHERE s.target_id = n.target_id AND s.slot_id = n.slot_id
