-- Keep the highest version of where each patient is and move the counts by the exact difference.
WITH moved AS (
    INSERT INTO patients AS p (
        patient_id, target_id, shard, version, cell, until, alert, delivery, slot_id, starts_at, updated_at,
        identity_version, nhs_number, name, sort_name
    )
    SELECT
        said.patient_id, said.target_id, said.shard, said.version, c.cell,
        said.until, said.alert, said.delivery, said.slot_id, said.starts_at, said.updated_at,
        0, '', '', ''
    FROM unnest(
        $1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::smallint[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[]
    ) AS said (
        patient_id, target_id, shard, version, round, status, description,
        until, alert, delivery, slot_id, starts_at, updated_at
    )
    INNER JOIN cells AS c USING (target_id, round, status, description)
    ORDER BY said.patient_id
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
    RETURNING old.cell AS old_cell, old.shard AS old_shard, new.cell AS new_cell, new.shard AS new_shard
),

differences AS (
    SELECT cell, shard, sum(n)::bigint AS patients
    FROM (
        SELECT old_cell AS cell, old_shard AS shard, -1 AS n FROM moved WHERE old_cell IS NOT NULL
        UNION ALL
        SELECT new_cell, new_shard, 1 FROM moved
    )
    GROUP BY cell, shard
    HAVING sum(n) <> 0
    ORDER BY cell, shard
)

INSERT INTO counts AS c (cell, shard, patients)
SELECT cell, shard, patients FROM differences
ON CONFLICT (cell, shard) DO UPDATE SET patients = c.patients + excluded.patients
