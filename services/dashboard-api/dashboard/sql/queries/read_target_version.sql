-- The version of a target that pages show.
SELECT version FROM targets WHERE target_id = $1
