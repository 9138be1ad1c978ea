-- $1 invitation ids, $2 the cut-off of them all: letters that wait for it.
INSERT INTO letters (invitation_id, cut_off)
SELECT
    l.invitation_id,
    $2
FROM unnest($1::text[]) AS l (invitation_id)
ON CONFLICT DO NOTHING
