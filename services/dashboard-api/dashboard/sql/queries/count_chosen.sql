-- How many the errand $1 is for; one for nobody is done.
UPDATE errands SET asked = $2, state = CASE $2::bigint WHEN 0 THEN 'done' ELSE state END
WHERE errand_id = $1::uuid
