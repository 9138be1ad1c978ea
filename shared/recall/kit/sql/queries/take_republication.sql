-- A topic that is to be told again, unless another process is telling it.
SELECT topic, after_key FROM republications ORDER BY topic LIMIT 1 FOR UPDATE SKIP LOCKED
