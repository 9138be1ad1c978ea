-- $1 target id, $2 slot ids, $3 now: each with whether it can be booked.
SELECT
    s.slot_id,
    s.starts_at,
    NOT s.booked AND NOT s.withdrawn AND s.starts_at > $3
    AND s.london_date BETWEEN t.from_date AND t.to_date AS bookable
FROM slots AS s
INNER JOIN targets AS t ON t.target_id = s.target_id
WHERE s.target_id = $1 AND s.slot_id = ANY($2::text[])
