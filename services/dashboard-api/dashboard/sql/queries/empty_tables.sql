-- All that is materialised, the timeline aside; in the order in which folding locks the tables.
TRUNCATE targets, patients, identities, counts, slot_days, queue_reasons, slots
