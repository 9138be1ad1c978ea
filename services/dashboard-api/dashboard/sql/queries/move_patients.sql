-- Keep the highest version of where each patient is and move the counts by the exact difference.
WITH said AS (
    SELECT
        unnest($1::uuid[]) AS patient_id,
        unnest($2::integer[]) AS shard,
        unnest($3::bigint[]) AS version,
        unnest($4::bigint[]) AS cell,
        unnest($5::timestamptz[]) AS until,
        unnest($6::text[]) AS alert,
        unnest($7::text[]) AS delivery,
        unnest($8::text[]) AS slot_id,
        unnest($9::timestamptz[]) AS starts_at,
        unnest($10::timestamptz[]) AS updated_at
),

moved AS (
    UPDATE patients AS p SET
        shard = said.shard,
        version = said.version,
        cell = said.cell,
        until = said.until,
        alert = said.alert,
        delivery = said.delivery,
        slot_id = said.slot_id,
        starts_at = said.starts_at,
        updated_at = said.updated_at
    FROM said
    WHERE p.patient_id = said.patient_id AND p.version < said.version
    RETURNING old.cell AS old_cell, old.shard AS old_shard, new.cell AS new_cell, new.shard AS new_shard
),

-- Who is here is moved above: an upsert would try each as a new row first and lock the old one when that fails.
-- Here a conflict comes only where somebody else has just added the patient.
added AS (
    INSERT INTO patients AS p (
        patient_id, target_id, shard, version, cell, until, alert, delivery, slot_id, starts_at, updated_at
    )
    SELECT
        said.patient_id, c.target_id, said.shard, said.version, said.cell,
        said.until, said.alert, said.delivery, said.slot_id, said.starts_at, said.updated_at
    FROM said
    INNER JOIN cells AS c USING (cell)
    WHERE NOT EXISTS (SELECT FROM patients AS here WHERE here.patient_id = said.patient_id)
    ON CONFLICT (patient_id) DO UPDATE SET
        shard = excluded.shard,
        version = excluded.version,
        cell = excluded.cell,
        until = excluded.until,
        alert = excluded.alert,
        delivery = excluded.delivery,
        slot_id = excluded.slot_id,
        starts_at = excluded.starts_at,
        updated_at = excluded.updated_at
    WHERE p.version < excluded.version
    RETURNING
        new.patient_id, new.target_id,
        old.cell AS old_cell, old.shard AS old_shard, new.cell AS new_cell, new.shard AS new_shard
),

changed AS (
    SELECT old_cell, old_shard, new_cell, new_shard FROM moved
    UNION ALL
    SELECT old_cell, old_shard, new_cell, new_shard FROM added
),

nameless AS (
    INSERT INTO identities (patient_id, target_id, version, nhs_number, name, sort_name)
    SELECT patient_id, target_id, 0, '', '', ''
    FROM added
    WHERE
        old_cell IS NULL
        AND NOT EXISTS (SELECT FROM identities AS i WHERE i.patient_id = added.patient_id)
    ORDER BY patient_id
    ON CONFLICT DO NOTHING
),

differences AS (
    SELECT cell, shard, sum(n)::bigint AS patients
    FROM (
        SELECT old_cell AS cell, old_shard AS shard, -1 AS n FROM changed WHERE old_cell IS NOT NULL
        UNION ALL
        SELECT new_cell, new_shard, 1 FROM changed
    )
    GROUP BY cell, shard
    HAVING sum(n) <> 0
    ORDER BY cell, shard
)

INSERT INTO counts AS c (cell, shard, patients)
SELECT cell, shard, patients FROM differences
ON CONFLICT (cell, shard) DO UPDATE SET patients = c.patients + excluded.patients
