-- $1 now: timers that are due and not yet claimed; of many, a thousand of each kind are enough.
SELECT
    (SELECT count(*) FROM (SELECT FROM simulated_acts WHERE due_at <= $1 LIMIT 1000))
    + (
        SELECT count(*)
        FROM (SELECT FROM invitations WHERE state = 'open' AND expires_at <= $1 LIMIT 1000)
    )
    + (SELECT count(*) FROM dirty_marks)
    + (SELECT count(*) FROM boards WHERE next_start <= $1)
    + (SELECT count(*) FROM letters WHERE batch_id IS NULL AND cut_off <= $1)
    + (SELECT count(*) FROM (SELECT FROM resendings WHERE due_at <= $1 LIMIT 1000))
