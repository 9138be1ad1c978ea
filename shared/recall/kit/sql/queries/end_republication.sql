-- $1 a topic that has been told to the end.
DELETE FROM republications WHERE topic = $1
