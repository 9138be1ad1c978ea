-- $1 batch id, $2 invitation ids, $3 places, $4 what they say: letters into their batch.
UPDATE letters AS l
SET batch_id = $1, place = n.place, content = n.content
FROM unnest($2::text[], $3::smallint[], $4::bytea[]) AS n (invitation_id, place, content)
WHERE l.invitation_id = n.invitation_id AND l.batch_id IS NULL
