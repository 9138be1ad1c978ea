-- Columns as in the table; an older version changes nothing.
INSERT INTO patients AS p (
    patient_id, target_id, person_id, version, partition, nhs_number, date_of_birth, first_name,
    last_name, mobile, address, postcode, carer_name, carer_mobile
)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::smallint[], $6::text[], $7::date[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]
)
ON CONFLICT (patient_id) DO UPDATE
SET
    version = excluded.version,
    date_of_birth = excluded.date_of_birth,
    first_name = excluded.first_name,
    last_name = excluded.last_name,
    mobile = excluded.mobile,
    address = excluded.address,
    postcode = excluded.postcode,
    carer_name = excluded.carer_name,
    carer_mobile = excluded.carer_mobile
WHERE p.version < excluded.version
