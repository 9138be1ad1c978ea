-- $1 invitation ids: letters that nobody needs any more, never one that is in a batch.
DELETE FROM letters WHERE invitation_id = ANY($1::text[]) AND batch_id IS NULL
