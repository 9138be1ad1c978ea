-- $1 the writer's shard, $2 target ids and $3 rounds, ascending, $4 to $6 the changes.
INSERT INTO tallies AS t (target_id, shard, round, in_queue, being_invited, booked)
SELECT n.target_id, $1, n.round, n.in_queue, n.being_invited, n.booked
FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS n (target_id, round, in_queue, being_invited, booked)
ON CONFLICT (target_id, shard, round) DO UPDATE SET
    in_queue = t.in_queue + excluded.in_queue,
    being_invited = t.being_invited + excluded.being_invited,
    booked = t.booked + excluded.booked
