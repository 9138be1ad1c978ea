-- $1 now: the earliest simulated act that is due and not yet done, and whether any report is
-- committed and not yet published; both in one snapshot, for rule 10.
SELECT
    (SELECT min(due_at) FROM simulated_acts WHERE due_at <= $1) AS earliest,
    EXISTS (SELECT 1 FROM outbox WHERE topic = 'channel-reports') AS unpublished
