-- $1 target id, $2 now, $3 and $4 where to go on from (instant and slot id), $5 how many: bookable
-- slots after that place, in order of time.
SELECT s.slot_id, s.starts_at
FROM slots AS s
INNER JOIN targets AS t ON t.target_id = s.target_id
WHERE s.target_id = $1 AND NOT s.booked AND NOT s.withdrawn
    AND s.london_date BETWEEN t.from_date AND t.to_date
    AND s.starts_at > $2
    AND (s.starts_at, s.slot_id) > ($3, $4)
ORDER BY s.starts_at, s.slot_id
LIMIT $5
