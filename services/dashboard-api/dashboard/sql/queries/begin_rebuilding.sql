-- $1 when: from here on nothing is shown.
INSERT INTO rebuilding (began_at) VALUES ($1)
ON CONFLICT (only_one) DO UPDATE SET began_at = excluded.began_at
