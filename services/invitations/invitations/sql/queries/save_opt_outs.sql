-- $1 person ids, $2 whether they opted out, $3 when; an earlier word changes nothing.  Returns whose word counts.
INSERT INTO opt_outs AS o (person_id, opted_out, at)
SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::timestamptz[])
ON CONFLICT (person_id) DO UPDATE
SET opted_out = excluded.opted_out, at = excluded.at
WHERE o.at <= excluded.at
RETURNING person_id
