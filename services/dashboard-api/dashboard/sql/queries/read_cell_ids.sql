-- The cells that patients are about to be in, as far as they are there: the place of each in what is asked.
SELECT wanted.place, c.cell
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[]) WITH ORDINALITY
    AS wanted (target_id, round, status, description, place)
INNER JOIN cells AS c USING (target_id, round, status, description)
