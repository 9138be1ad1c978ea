-- Dead letters by topic and reason.
SELECT topic, reason, count(*) AS letters
FROM dead_letters
GROUP BY topic, reason
