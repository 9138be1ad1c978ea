-- $1 from when on tries count: forget the addresses that have made none since.
DELETE FROM code_tries WHERE last_at <= $1
