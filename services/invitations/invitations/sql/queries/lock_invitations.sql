-- $1 patient ids, $2 from which round on: those of their invitations, locked in order, each with the
-- person's appointment.
SELECT
    i.patient_id,
    i.target_id,
    i.person_id,
    i.round,
    i.channel,
    i.template_version,
    i.partition,
    i.state,
    i.dispatched_at,
    i.expires_at,
    i.ended_at,
    i.delivery,
    i.reason,
    i.offer_a,
    i.offer_b,
    i.offer_c,
    i.helped,
    i.needs_reply,
    i.said,
    a.slot_id AS appointment,
    a.starts_at AS appointment_at
FROM unnest($1::uuid[], $2::smallint[]) AS n (patient_id, round)
INNER JOIN invitations AS i ON i.patient_id = n.patient_id AND i.round >= n.round
LEFT JOIN appointments AS a ON a.target_id = i.target_id AND a.person_id = i.person_id
ORDER BY i.patient_id, i.round
FOR UPDATE OF i
