-- $1 now, $2 how many: what simulated channels report now, in order of time.
DELETE FROM simulated_acts
WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM simulated_acts WHERE due_at <= $1
    ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING id, due_at, partition, patient_id, round, target_id, channel, kind, said
