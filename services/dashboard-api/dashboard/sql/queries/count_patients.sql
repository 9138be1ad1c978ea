-- How many of the patients $2 are in the cells $1.
SELECT count(*) FROM patients WHERE cell = ANY($1::bigint[]) AND patient_id = ANY($2::uuid[])
