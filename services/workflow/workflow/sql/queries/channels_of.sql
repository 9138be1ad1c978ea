-- $1 target ids: the channel of each of their rounds.
SELECT t.target_id, r.round::integer AS round, r.said ->> 'channel' AS channel
FROM targets AS t
CROSS JOIN LATERAL jsonb_array_elements(t.rounds) WITH ORDINALITY AS r (said, round)
WHERE t.target_id = ANY($1::text[])
