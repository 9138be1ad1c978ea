-- The errand that has waited longest, and its next batch.
SELECT
    e.errand_id::text,
    e.target_id,
    e.act,
    e.reason,
    e.actor,
    (SELECT min(p.batch) FROM errand_patients AS p WHERE p.errand_id = e.errand_id) AS batch
FROM errands AS e
WHERE e.state = 'sending'
ORDER BY e.asked_at, e.errand_id
LIMIT 1
