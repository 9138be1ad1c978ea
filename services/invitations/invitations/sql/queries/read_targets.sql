-- $1 target ids.
SELECT target_id, practice, name, from_date, to_date, rounds FROM targets WHERE target_id = ANY($1::text[])
