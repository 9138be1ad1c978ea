-- Keep the highest version of why a target's queues wait.
INSERT INTO queue_reasons AS old (target_id, version, rounds, reasons, untils)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (target_id) DO UPDATE SET
    version = excluded.version,
    rounds = excluded.rounds,
    reasons = excluded.reasons,
    untils = excluded.untils
WHERE old.version < excluded.version
