-- $1 address, $2 this moment, $3 from when on tries count, $4 the most: one more try, if one is left.
-- Tries at the same moment wait for each other, whichever process they came to.
INSERT INTO code_tries AS c (address, tried_at, last_at) VALUES ($1, ARRAY[$2::timestamptz], $2)
ON CONFLICT (address) DO UPDATE
SET
    tried_at = array(SELECT t FROM unnest(c.tried_at) AS t WHERE t > $3) || excluded.tried_at,
    last_at = excluded.last_at
WHERE (SELECT count(*) FROM unnest(c.tried_at) AS t WHERE t > $3) < $4
RETURNING true
