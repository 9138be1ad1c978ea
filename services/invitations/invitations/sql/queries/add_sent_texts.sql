-- Columns as in the table.
INSERT INTO sent_texts (invitation_id, kind, body, sent_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
