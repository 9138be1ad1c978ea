-- Keep the highest version of where each patient is and move the counts by the exact difference.
WITH moved AS (
    INSERT INTO patients AS p (
        patient_id, target_id, shard, version, round, status, description,
        until, alert, delivery, slot_id, starts_at, updated_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::smallint[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[]
    )
    ON CONFLICT (patient_id) DO UPDATE SET
        shard = excluded.shard,
        version = excluded.version,
        round = excluded.round,
        status = excluded.status,
        description = excluded.description,
        until = excluded.until,
        alert = excluded.alert,
        delivery = excluded.delivery,
        slot_id = excluded.slot_id,
        starts_at = excluded.starts_at,
        updated_at = excluded.updated_at
    WHERE p.version < excluded.version
    RETURNING
        new.patient_id, new.target_id,
        old.shard AS old_shard, old.round AS old_round, old.status AS old_status,
        new.shard AS new_shard, new.round AS new_round, new.status AS new_status
),

-- A patient whose identity has not come yet gets a stand-in, so that sorted lists miss nobody.
stand_ins AS (
    INSERT INTO identities (patient_id, target_id, version, nhs_number, name, sort_name)
    SELECT patient_id, target_id, 0, '', '', '' FROM moved WHERE old_status IS NULL ORDER BY patient_id
    ON CONFLICT (patient_id) DO NOTHING
),

differences AS (
    SELECT target_id, shard, round, status, sum(n)::bigint AS patients
    FROM (
        SELECT target_id, old_shard AS shard, old_round AS round, old_status AS status, -1 AS n FROM moved
        UNION ALL
        SELECT target_id, new_shard, new_round, new_status, 1 FROM moved
    )
    WHERE status <> 'removed'
    GROUP BY target_id, shard, round, status
    HAVING sum(n) <> 0
    ORDER BY target_id, shard, round, status
)

INSERT INTO counts AS c (target_id, shard, round, status, patients)
SELECT target_id, shard, round, status, patients FROM differences
ON CONFLICT (target_id, shard, round, status) DO UPDATE SET patients = c.patients + excluded.patients
