-- $1 address, $2 the moment of the try: the code was right.
UPDATE code_tries SET tried_at = array_remove(tried_at, $2) WHERE address = $1
