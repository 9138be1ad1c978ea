-- Patients corrected or asked of the register again, whose rows are locked; the address comes
-- with a line break after each line, for an array of arrays must not be ragged.
UPDATE patients AS p
SET
    version = n.version, first_name = n.first_name, last_name = n.last_name, mobile = n.mobile,
    address = string_to_array(n.address, E'\n'), postcode = n.postcode,
    carer_name = n.carer_name, carer_mobile = n.carer_mobile, supplied = n.supplied,
    alert = n.alert, actor = n.actor, enrolled_at = n.enrolled_at
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::smallint[], $11::text[], $12::text[], $13::timestamptz[]
) AS n (
    patient_id, version, first_name, last_name, mobile, address, postcode, carer_name,
    carer_mobile, supplied, alert, actor, enrolled_at
)
WHERE p.patient_id = n.patient_id
