-- $1 targets, $2 how many portions of each: the oldest of each go; those that another process of
-- ingest is handing on are left to it.
DELETE FROM portions
WHERE portion_id IN (
    SELECT p.portion_id
    FROM unnest($1::text[], $2::integer[]) AS turns (target_id, portions)
    CROSS JOIN LATERAL (
        SELECT q.portion_id
        FROM portions AS q
        WHERE q.target_id = turns.target_id
        ORDER BY q.portion_id
        LIMIT turns.portions
        FOR UPDATE SKIP LOCKED
    ) AS p
)
RETURNING portion_id, target_id, patients, records
