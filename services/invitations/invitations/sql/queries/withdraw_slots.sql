-- $1 target ids, $2 slot ids, $3 versions: one that is not known yet is kept withdrawn.
INSERT INTO slots AS s
    (target_id, slot_id, version, starts_at, london_date, minutes, clinician, booked, withdrawn)
SELECT n.target_id, n.slot_id, n.version, 'epoch', '1970-01-01', 1, NULL, false, true
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (target_id, slot_id, version)
ON CONFLICT (target_id, slot_id) DO UPDATE
SET version = excluded.version, withdrawn = true
WHERE s.version < excluded.version
