-- Columns as in the table.
INSERT INTO availabilities AS a (target_id, version, days, last_slot_at, booked)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::jsonb[], $4::text[], $5::bigint[])
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    days = excluded.days,
    last_slot_at = excluded.last_slot_at,
    booked = excluded.booked
WHERE a.version < excluded.version
