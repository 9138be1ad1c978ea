-- $1 a service's schema, for the rest of the transaction.
SELECT set_config('search_path', $1, true)
