-- $1 target ids whose free slots changed.
INSERT INTO dirty_marks (target_id) SELECT unnest($1::text[])
