-- $1 topics that are gone: their successors are folded from the beginning.
DELETE FROM inbox_offsets WHERE topic = ANY($1::text[])
