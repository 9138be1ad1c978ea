-- Tell what was done to patients; an event that is told already is told once.
INSERT INTO timeline (patient_id, event, at, what, round, detail, reason, actor)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::text[]
)
ON CONFLICT (patient_id, event) DO NOTHING
