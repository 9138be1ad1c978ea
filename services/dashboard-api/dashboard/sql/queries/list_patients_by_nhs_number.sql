-- A page of the patient list by NHS number, forwards, after the position ($9, $10), at most $11 rows.
-- Filters: $2 statuses; and, null for none, $3 NHS number, $4 round, $5 did not book in round, $6
-- description, which for a queued patient is the reason of their round's queue: $7 are the rounds
-- that wait for $6, $8 those that wait for any known reason.
SELECT
    p.patient_id::text,
    nullif(i.nhs_number, '') AS nhs_number,
    nullif(i.name, '') AS name,
    p.round,
    p.status,
    p.description,
    p.until,
    p.alert,
    p.slot_id,
    p.starts_at,
    p.updated_at
FROM patients AS p
INNER JOIN identities AS i USING (patient_id)
WHERE
    p.target_id = $1
    AND i.target_id = $1
    AND p.status = ANY($2::text[])
    AND ($3::text IS NULL OR i.nhs_number = $3)
    AND ($4::smallint IS NULL OR p.round = $4)
    AND ($5::smallint IS NULL OR p.round > $5 OR (p.round = $5 AND p.status = 'did_not_book'))
    AND (
        $6::text IS NULL
        OR (p.status <> 'in_queue' AND p.description = $6)
        OR (p.status = 'in_queue' AND p.round = ANY($7::smallint[]))
        OR (p.status = 'in_queue' AND p.description = $6 AND p.round <> ALL($8::smallint[]))
    )
    AND ($9::text IS NULL OR (i.nhs_number, i.patient_id) > ($9, $10::uuid))
ORDER BY i.nhs_number, i.patient_id
LIMIT $11
