-- Plan this transaction's queries for their values: filters not given must cost nothing.  How many rows
-- there are is known exactly, and each query is written for it, while the planner's statistics are as
-- old as the last ANALYZE: it is to go by index and to believe that a hash fits.
SELECT
    set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('work_mem', '64MB', true)
