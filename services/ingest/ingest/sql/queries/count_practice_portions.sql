-- $1 practice: how many of its patients wait to be handed on.
SELECT coalesce(sum(patients), 0)::bigint FROM portions WHERE practice = $1
