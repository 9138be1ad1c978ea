-- Columns as in the table; returns those that had not come before.
INSERT INTO replies (invitation_id, report_id, said, meaning, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
ON CONFLICT (invitation_id, report_id) DO NOTHING
RETURNING invitation_id, report_id
