-- Have the cells that patients are about to be in.
INSERT INTO cells (target_id, round, status, description)
SELECT DISTINCT target_id, round, status, description
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[]) AS wanted (target_id, round, status, description)
WHERE
    NOT EXISTS (
        SELECT FROM cells AS c
        WHERE
            c.target_id = wanted.target_id
            AND c.round = wanted.round
            AND c.status = wanted.status
            AND c.description = wanted.description
    )
ORDER BY target_id, round, status, description
ON CONFLICT DO NOTHING
