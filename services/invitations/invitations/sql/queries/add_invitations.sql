-- Columns in the order of `store.COLUMNS`, then the hashes of the link's token and of the code.
INSERT INTO invitations (
    invitation_id, patient_id, target_id, person_id, round, channel, template_version, partition,
    state, dispatched_at, expires_at, ended_at, delivery, reason, offer_a, offer_b, offer_c,
    offers_made, helped, needs_reply, said, link_hash, code_hash
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::integer[],
    $8::smallint[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
    $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::smallint[],
    $19::boolean[], $20::boolean[], $21::bigint[], $22::bytea[], $23::bytea[]
)
