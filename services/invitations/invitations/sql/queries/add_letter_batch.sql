-- $1 day, $2 cut-off, $3 how many letters, $4 now: the cut-off's next batch; returns its id.
INSERT INTO letter_batches (batch_id, cut_off, part, letters, formed_at)
SELECT
    $1::text || '-' || p.part,
    $2,
    p.part,
    $3,
    $4
FROM (SELECT coalesce(max(part), 0) + 1 AS part FROM letter_batches WHERE cut_off = $2) AS p
RETURNING batch_id
