-- What is counted is complete again.
DELETE FROM rebuilding
