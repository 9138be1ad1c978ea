-- $1 the writer's shard, $2 target ids and $3 rounds, ascending, $4 and $5 the changes.
INSERT INTO tallies AS t (target_id, shard, round, in_queue, being_invited)
SELECT n.target_id, $1, n.round, n.in_queue, n.being_invited
FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[])
    AS n (target_id, round, in_queue, being_invited)
ON CONFLICT (target_id, shard, round) DO UPDATE SET
    in_queue = t.in_queue + excluded.in_queue,
    being_invited = t.being_invited + excluded.being_invited
