-- $1 topic, $2 the key up to which it has been told.
UPDATE republications SET after_key = $2 WHERE topic = $1
