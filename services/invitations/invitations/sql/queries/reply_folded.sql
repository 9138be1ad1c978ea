-- $1 invitation id, $2 report id: whether the reply has been folded.
SELECT EXISTS (SELECT 1 FROM replies WHERE invitation_id = $1 AND report_id = $2)
