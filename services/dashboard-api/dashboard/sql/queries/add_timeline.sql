-- Tell what was done to patients; an event that is told already is told once.  What comes in one batch
-- differs, and what is there was told by an earlier batch: looking first is cheaper than ON CONFLICT,
-- which writes each row tentatively.
INSERT INTO timeline (patient_id, event, at, what, round, detail, reason, actor)
SELECT said.*
FROM (
    SELECT
        unnest($1::uuid[]) AS patient_id,
        unnest($2::text[]) AS event,
        unnest($3::timestamptz[]) AS at,
        unnest($4::text[]) AS what,
        unnest($5::smallint[]) AS round,
        unnest($6::text[]) AS detail,
        unnest($7::text[]) AS reason,
        unnest($8::text[]) AS actor
) AS said
WHERE NOT EXISTS (
    SELECT FROM timeline AS told WHERE told.patient_id = said.patient_id AND told.event = said.event
)
