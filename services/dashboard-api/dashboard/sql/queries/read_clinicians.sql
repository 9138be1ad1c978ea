-- Whose slots a target has, one step through the index for each.
WITH RECURSIVE found AS (
    (
        SELECT clinician FROM slots
        WHERE target_id = $1 AND clinician IS NOT NULL
        ORDER BY clinician
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT s.clinician FROM slots AS s
        WHERE s.target_id = $1 AND s.clinician > found.clinician
        ORDER BY s.clinician
        LIMIT 1
    )
    FROM found
    WHERE found.clinician IS NOT NULL
)

SELECT clinician FROM found WHERE clinician IS NOT NULL LIMIT $2
