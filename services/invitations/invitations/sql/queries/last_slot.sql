-- $1 target id: when the last slot in its booking window begins, free or not.
SELECT max(s.starts_at)
FROM slots AS s
JOIN targets AS t USING (target_id)
WHERE
    s.target_id = $1 AND NOT s.withdrawn
    AND s.london_date BETWEEN t.from_date AND t.to_date
