-- What changes in an invitation, by id.
UPDATE invitations AS i
SET
    state = n.state,
    ended_at = n.ended_at,
    delivery = n.delivery,
    reason = n.reason,
    offer_a = n.offer_a,
    offer_b = n.offer_b,
    offer_c = n.offer_c,
    offers_made = n.offers_made,
    helped = n.helped,
    needs_reply = n.needs_reply,
    said = n.said
FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::smallint[], $10::boolean[], $11::boolean[], $12::bigint[]
) AS n (
    invitation_id, state, ended_at, delivery, reason, offer_a, offer_b, offer_c, offers_made,
    helped, needs_reply, said
)
WHERE i.invitation_id = n.invitation_id
