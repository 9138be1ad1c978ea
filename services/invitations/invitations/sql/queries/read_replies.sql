-- $1 invitation ids: what patients wrote, in order of time.
SELECT invitation_id, said, meaning, received_at
FROM replies
WHERE invitation_id = ANY($1::text[])
ORDER BY invitation_id, received_at, report_id
