-- What changes in an invitation, by patient and round.
UPDATE invitations AS i
SET
    state = n.state,
    ended_at = n.ended_at,
    delivery = n.delivery,
    reason = n.reason,
    offer_a = n.offer_a,
    offer_b = n.offer_b,
    offer_c = n.offer_c,
    helped = n.helped,
    needs_reply = n.needs_reply,
    said = n.said
FROM unnest(
    $1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::boolean[], $11::boolean[], $12::integer[]
) AS n (
    patient_id, round, state, ended_at, delivery, reason, offer_a, offer_b, offer_c, helped,
    needs_reply, said
)
WHERE i.patient_id = n.patient_id AND i.round = n.round
