-- Released slots, columns as in the table; an older version changes nothing, a booking stays.
INSERT INTO slots AS s
    (target_id, slot_id, version, starts_at, london_date, minutes, clinician, booked, withdrawn)
SELECT n.*, false, false
FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::date[], $6::smallint[], $7::text[]
) AS n
ON CONFLICT (target_id, slot_id) DO UPDATE
SET
    version = excluded.version,
    starts_at = CASE WHEN s.booked THEN s.starts_at ELSE excluded.starts_at END,
    london_date = CASE WHEN s.booked THEN s.london_date ELSE excluded.london_date END,
    minutes = excluded.minutes,
    clinician = excluded.clinician,
    withdrawn = false
WHERE s.version < excluded.version
