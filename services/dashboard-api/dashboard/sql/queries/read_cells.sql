-- The cells of a target, each with how many patients are in it now.
SELECT
    c.cell,
    c.round,
    c.status,
    c.description,
    (SELECT coalesce(sum(k.patients), 0)::bigint FROM counts AS k WHERE k.cell = c.cell) AS patients
FROM cells AS c
WHERE c.target_id = $1
