-- Whether the tables are being filled anew.
SELECT EXISTS (SELECT FROM rebuilding)
