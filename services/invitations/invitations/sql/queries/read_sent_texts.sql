-- $1 invitation ids: the texts that were kept, in the order in which they went out.
SELECT invitation_id, kind, body, sent_at
FROM sent_texts
WHERE invitation_id = ANY($1::text[])
ORDER BY id
