-- Plan this transaction's queries for their values: filters not given must cost nothing.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)
