-- Columns as in the table.
INSERT INTO resendings (invitation_id, partition, attempt, report_id, due_at)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::timestamptz[])
ON CONFLICT (invitation_id) DO UPDATE
SET attempt = excluded.attempt, report_id = excluded.report_id, due_at = excluded.due_at
