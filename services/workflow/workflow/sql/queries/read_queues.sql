-- $1 target ids, or null for all: the targets on which somebody waits, with all that pacing asks.
SELECT
    t.target_id, t.practice, t.state, t.rounds, t.from_date, t.to_date, t.ratio,
    a.days, a.last_slot_at, a.booked AS counted,
    coalesce(q.version, 0) AS stated_version, q.rounds AS stated,
    s.rounds AS tallied_rounds, s.in_queue, s.being_invited, s.booked
FROM targets AS t
LEFT JOIN availabilities AS a USING (target_id)
LEFT JOIN queue_states AS q USING (target_id)
CROSS JOIN LATERAL (
    SELECT
        array_agg(y.round) AS rounds, array_agg(y.in_queue) AS in_queue,
        array_agg(y.being_invited) AS being_invited, sum(y.booked)::bigint AS booked
    FROM (
        SELECT
            round, sum(in_queue)::bigint AS in_queue, sum(being_invited)::bigint AS being_invited,
            sum(booked) AS booked
        FROM tallies
        WHERE tallies.target_id = t.target_id
        GROUP BY round
    ) AS y
) AS s
WHERE
    ($1::text[] IS NULL OR t.target_id = ANY($1))
    AND 0 < ANY(s.in_queue)
ORDER BY t.target_id
