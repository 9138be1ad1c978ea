-- $1 how many of the latest are kept.
DELETE FROM sent_texts WHERE id <= (SELECT max(id) FROM sent_texts) - $1
