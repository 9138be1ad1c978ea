-- $1 invitation ids: how often each was sent, which failure was heard last, when it goes out again.
SELECT invitation_id, attempt, report_id, due_at
FROM resendings
WHERE invitation_id = ANY($1::text[])
