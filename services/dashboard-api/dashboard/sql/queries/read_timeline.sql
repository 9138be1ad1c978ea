-- A patient's timeline, the oldest entry first.
SELECT event, at, what, round, detail, reason, actor
FROM timeline
WHERE patient_id = $1::uuid
ORDER BY at, event
