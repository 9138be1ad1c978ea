-- How many topics have not been told to the end.
SELECT count(*) FROM republications
