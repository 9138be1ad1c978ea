-- Columns as in the table.
INSERT INTO uploads
    (upload_id, target_id, fingerprint, answer, removals, actor, uploaded_at, header, rejected_kept)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
