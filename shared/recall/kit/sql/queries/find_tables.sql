-- Whether the service's schema is there: an error until it has been migrated.
SELECT 1 FROM inbox_offsets LIMIT 1
