-- Have the cells that patients are about to be in.
INSERT INTO cells (target_id, round, status, description)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[])
ON CONFLICT DO NOTHING
