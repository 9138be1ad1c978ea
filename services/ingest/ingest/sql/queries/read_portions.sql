-- Who waits to be handed on: portions and patients of each target, who waits longest first.
SELECT
    target_id, practice, count(*) AS portions, sum(patients)::bigint AS patients,
    min(stored_at) AS oldest
FROM portions
GROUP BY target_id, practice
ORDER BY min(portion_id)
