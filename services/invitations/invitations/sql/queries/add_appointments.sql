-- Columns as in the table; the constraints forbid two people in a slot, two slots for a person.
INSERT INTO appointments
    (target_id, slot_id, person_id, patient_id, round, starts_at, booked_at)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::smallint[], $6::timestamptz[],
    $7::timestamptz[]
)
ON CONFLICT DO NOTHING
RETURNING slot_id
