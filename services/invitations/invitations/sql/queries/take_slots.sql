-- As free_slots, and locked: slots that another transaction holds are passed over.
SELECT s.slot_id, s.starts_at
FROM slots AS s
INNER JOIN targets AS t ON t.target_id = s.target_id
WHERE s.target_id = $1 AND NOT s.booked AND NOT s.withdrawn
    AND s.london_date BETWEEN t.from_date AND t.to_date
    AND s.starts_at > $2
    AND (s.starts_at, s.slot_id) > ($3, $4)
ORDER BY s.starts_at, s.slot_id
LIMIT $5
FOR UPDATE OF s SKIP LOCKED
