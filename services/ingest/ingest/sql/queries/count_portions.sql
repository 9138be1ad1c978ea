-- How many patients wait to be handed on.
SELECT coalesce(sum(patients), 0)::bigint FROM portions
