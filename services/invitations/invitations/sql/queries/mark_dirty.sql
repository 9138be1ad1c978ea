-- $1 target ids whose free slots changed, $2 by how many appointments more or less.
INSERT INTO dirty_marks (target_id, booked) SELECT * FROM unnest($1::text[], $2::integer[])
