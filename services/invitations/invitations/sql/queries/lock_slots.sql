-- $1 target ids, $2 slot ids: locked in order, with whether each may be booked.
SELECT
    s.target_id,
    s.slot_id,
    s.starts_at,
    NOT s.booked AND NOT s.withdrawn AND s.london_date BETWEEN t.from_date AND t.to_date AS bookable
FROM slots AS s
INNER JOIN targets AS t ON t.target_id = s.target_id
WHERE (s.target_id, s.slot_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY s.target_id, s.slot_id
FOR UPDATE OF s
