-- $1 topics: tell each from the beginning, also one that is being told.
INSERT INTO republications (topic, after_key)
SELECT topic, '' FROM unnest($1::text[]) AS topic
ON CONFLICT (topic) DO UPDATE SET after_key = ''
