-- Columns as in the table.
INSERT INTO simulated_acts
    (due_at, partition, invitation_id, patient_id, target_id, channel, kind, said)
SELECT * FROM unnest(
    $1::timestamptz[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[]
)
