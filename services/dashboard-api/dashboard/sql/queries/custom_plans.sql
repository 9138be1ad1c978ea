-- Plan this transaction's queries for their values: filters not given must cost nothing.  Each is
-- written to begin where few rows are and to go on by index: how many there are is known exactly, while
-- the planner's statistics are as old as the last ANALYZE.
SELECT
    set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true)
