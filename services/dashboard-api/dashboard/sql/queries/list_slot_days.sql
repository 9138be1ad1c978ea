-- $1 target, $2 instant: its slots from then on by London day, how many are free, how many booked.
SELECT
    (s.starts_at AT TIME ZONE 'Europe/London')::date AS day,
    count(*) FILTER (WHERE p.slot_id IS NULL) AS free,
    count(*) FILTER (WHERE p.slot_id IS NOT NULL) AS booked,
    min(s.starts_at) AS first,
    max(s.starts_at + make_interval(mins => s.minutes)) AS last
FROM slots AS s
LEFT JOIN patients AS p ON p.target_id = $1 AND p.starts_at IS NOT NULL AND p.slot_id = s.slot_id
WHERE s.target_id = $1 AND s.starts_at >= $2 AND (NOT s.withdrawn OR p.slot_id IS NOT NULL)
GROUP BY 1
ORDER BY 1
LIMIT 400
