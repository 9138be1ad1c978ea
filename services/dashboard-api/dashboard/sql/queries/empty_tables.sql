-- All that is materialised, the timeline aside; in the order in which folding locks the tables.
TRUNCATE targets, cells, identities, patients, counts, slot_days, queue_reasons, slots
