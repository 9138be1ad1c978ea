-- An errand was refused for good, or ($3 = 'sending') waits because of a problem.
UPDATE errands SET state = $3, problem = $2 WHERE errand_id = $1::uuid
