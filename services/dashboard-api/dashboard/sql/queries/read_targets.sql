-- Whole targets in the order of their names with all that their pages count, of one snapshot:
-- the one named by $1, or a page of all after the position ($2, $3).
SELECT
    t.target_id,
    t.practice,
    t.name,
    t.state,
    t.rounds,
    t.window_from,
    t.window_to,
    (
        SELECT coalesce(sum(day.free), 0)::bigint
        FROM slot_days, unnest(slot_days.days, slot_days.free) AS day (date, free)
        WHERE slot_days.target_id = t.target_id AND day.date BETWEEN t.window_from AND t.window_to
    ) AS available,
    (
        SELECT coalesce(json_agg(json_build_array(cell.round, cell.status, cell.patients)), '[]')
        FROM (
            SELECT c.round, c.status, sum(k.patients) AS patients
            FROM cells AS c
            INNER JOIN counts AS k USING (cell)
            WHERE c.target_id = t.target_id AND c.status <> 'removed'
            GROUP BY c.round, c.status
        ) AS cell
    ) AS histogram,
    (
        SELECT coalesce(sum(k.patients), 0)::bigint
        FROM cells AS c
        INNER JOIN counts AS k USING (cell)
        WHERE c.target_id = t.target_id AND c.status = 'being_invited' AND c.description = 'needs_reply'
    ) AS replies,
    (
        SELECT coalesce(json_agg(json_build_array(waiting.round, waiting.reason, waiting.until)), '[]')
        FROM queue_reasons AS q, unnest(q.rounds, q.reasons, q.untils) AS waiting (round, reason, until)
        WHERE q.target_id = t.target_id
    ) AS queues
FROM targets AS t
WHERE ($1::text IS NULL OR t.target_id = $1) AND ($2::text IS NULL OR (t.name, t.target_id) > ($2, $3))
ORDER BY t.name, t.target_id
LIMIT $4
