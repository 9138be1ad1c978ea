-- $1 target, $2 practice, $3 packed records and $4 how many patients, both a portion, in order;
-- $5 machine time.
INSERT INTO portions (target_id, practice, records, patients, stored_at)
SELECT $1, $2, t.records, t.patients, $5
FROM unnest($3::bytea[], $4::integer[]) WITH ORDINALITY AS t (records, patients, place)
ORDER BY t.place
