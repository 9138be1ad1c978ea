-- $1 patient ids: each with whether the person opted out and has an appointment on the target.
SELECT
    p.patient_id,
    p.target_id,
    p.person_id,
    p.partition,
    p.nhs_number,
    p.date_of_birth,
    p.first_name,
    p.last_name,
    p.mobile,
    p.address,
    p.postcode,
    p.carer_name,
    p.carer_mobile,
    coalesce(o.opted_out, false) AS opted_out,
    a.slot_id AS appointment,
    a.starts_at AS appointment_at
FROM patients AS p
LEFT JOIN opt_outs AS o ON o.person_id = p.person_id
LEFT JOIN appointments AS a ON a.target_id = p.target_id AND a.person_id = p.person_id
WHERE p.patient_id = ANY($1::uuid[])
