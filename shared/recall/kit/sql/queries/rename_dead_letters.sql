-- $1 topics that are gone, $2 machine time: their bad records stay, and leave their places to new ones.
UPDATE dead_letters SET topic = topic || ' until ' || $2::text WHERE topic = ANY($1::text[])
