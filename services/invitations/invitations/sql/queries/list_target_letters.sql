-- $1 target id, $2 how many batches: the latest with letters of the target, latest first, and how
-- many of its letters in each have got how far, with how their invitations ended.
SELECT b.batch_id, b.cut_off, b.formed_at, i.state, i.delivery, i.reason, count(*) AS letters
FROM (
    SELECT b.batch_id, b.cut_off, b.part, b.formed_at
    FROM letter_batches AS b
    WHERE EXISTS (SELECT FROM letters WHERE letters.target_id = $1 AND letters.batch_id = b.batch_id)
    ORDER BY b.cut_off DESC, b.part DESC
    LIMIT $2
) AS b
INNER JOIN letters AS l ON l.target_id = $1 AND l.batch_id = b.batch_id
INNER JOIN invitations AS i ON i.patient_id = l.patient_id AND i.round = l.round
GROUP BY b.batch_id, b.cut_off, b.part, b.formed_at, i.state, i.delivery, i.reason
ORDER BY b.cut_off DESC, b.part DESC, i.reason
