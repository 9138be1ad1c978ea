-- $1 target id, $2 now: free slots that have not begun, by London date.
SELECT london_date, count(*) AS free, min(starts_at) AS first_start
FROM slots
WHERE target_id = $1 AND NOT booked AND NOT withdrawn AND starts_at > $2
GROUP BY london_date
ORDER BY london_date
