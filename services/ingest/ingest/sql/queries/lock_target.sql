-- $1 target: held by whoever changes it, for the length of one short transaction.
SELECT * FROM targets WHERE target_id = $1 FOR NO KEY UPDATE
