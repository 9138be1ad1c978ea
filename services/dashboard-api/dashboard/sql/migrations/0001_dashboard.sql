-- The first tables of the dashboard.

-- Targets as their practices set them up, the highest version of each.
CREATE TABLE targets (
    target_id text PRIMARY KEY,
    version bigint NOT NULL,
    practice text NOT NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused', 'closed')),
    rounds jsonb NOT NULL,
    window_from date NOT NULL,
    window_to date NOT NULL
);
CREATE INDEX targets_by_name ON targets (name, target_id);

-- What patients of a target have in common: round (0 is "before round 1"), status, description.  There
-- are as many cells as differ, so a filter chooses among a few dozen and never among patients.
CREATE TABLE cells (
    cell bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    target_id text NOT NULL,
    round smallint NOT NULL,
    status text NOT NULL CHECK (
        status IN ('in_queue', 'being_invited', 'booked', 'declined', 'did_not_book', 'patient_alert', 'removed')
    ),
    description text NOT NULL,
    UNIQUE (target_id, round, status, description)
);

-- Who a patient is, of the topic `patients`, by its own version.  Whom workflow told of first has a row
-- without a name at version 0, so that everyone who is somewhere stands in the orders of all lists.
CREATE TABLE identities (
    patient_id uuid PRIMARY KEY,
    target_id text NOT NULL,
    version bigint NOT NULL,
    nhs_number text NOT NULL,
    name text NOT NULL,
    sort_name text NOT NULL
);
CREATE INDEX identities_by_name ON identities (target_id, sort_name, patient_id);
CREATE INDEX identities_by_number ON identities (target_id, nhs_number, patient_id);

-- Where a patient is, of the topic `patient-progress`, by its own version; only who is here is listed.
-- Rows move half a dozen times, each time with a new entry in every index: hence no more of those, and
-- names, which stay, in a table of their own.
CREATE TABLE patients (
    patient_id uuid PRIMARY KEY,
    target_id text NOT NULL,
    version bigint NOT NULL,
    shard integer NOT NULL,
    cell bigint NOT NULL,
    until timestamptz,
    alert text,
    delivery text,
    slot_id text,
    starts_at timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX patients_by_change ON patients (cell, updated_at, patient_id);
CREATE INDEX patients_by_appointment ON patients (target_id, starts_at, patient_id) WHERE starts_at IS NOT NULL;

-- How many patients are in each cell: every number on the page follows from these, moved in the
-- transaction that moves the patients.  One row per partition ("shard"), so that two consumers never
-- wait for each other.
CREATE TABLE counts (
    cell bigint NOT NULL,
    shard integer NOT NULL,
    patients bigint NOT NULL,
    PRIMARY KEY (cell, shard)
) WITH (fillfactor = 50);

-- Free slots of each London day, whole, the highest version of each target.
CREATE TABLE slot_days (
    target_id text PRIMARY KEY,
    version bigint NOT NULL,
    days date[] NOT NULL,
    free bigint[] NOT NULL,
    last_slot_at timestamptz
);

-- Why each round's queue waits, whole, the highest version of each target.
CREATE TABLE queue_reasons (
    target_id text PRIMARY KEY,
    version bigint NOT NULL,
    rounds smallint[] NOT NULL,
    reasons text[] NOT NULL,
    untils timestamptz[] NOT NULL
);

-- The appointments on offer or once on offer: who sees whom, when, and for how long.
CREATE TABLE slots (
    target_id text NOT NULL,
    slot_id text NOT NULL,
    version bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    minutes smallint NOT NULL,
    clinician text,
    withdrawn boolean NOT NULL DEFAULT false,
    PRIMARY KEY (target_id, slot_id)
);
CREATE INDEX slots_by_clinician ON slots (target_id, clinician);
CREATE INDEX slots_by_start ON slots (target_id, starts_at);

-- Everything that was done to a patient; rows are only ever added.  `event` is the event's id,
-- without the patient's id where it begins with it.
CREATE TABLE timeline (
    patient_id uuid NOT NULL,
    event text NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL,
    round smallint,
    detail text,
    reason text,
    actor text NOT NULL,
    PRIMARY KEY (patient_id, event)
);

-- One row while the tables are being rebuilt from what their owners tell again: what is counted
-- meanwhile is not complete, so nothing is shown.
CREATE TABLE rebuilding (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    began_at timestamptz NOT NULL
);

-- What staff asked for many patients at once: whom is settled when they confirm, and sent on to
-- ingest batch by batch.  `asked` and `done` count patients: those chosen, and those ingest changed.
CREATE TABLE errands (
    errand_id uuid PRIMARY KEY,
    target_id text NOT NULL,
    act text NOT NULL CHECK (act IN ('remove', 'reprocess')),
    back text NOT NULL,
    reason text,
    actor text NOT NULL,
    asked_at timestamptz NOT NULL,
    asked bigint NOT NULL,
    sent bigint NOT NULL,
    done bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('sending', 'done', 'refused')),
    problem text
);
CREATE INDEX errands_sending ON errands (asked_at, errand_id) WHERE state = 'sending';

-- Whom an errand is still to be sent for.
CREATE TABLE errand_patients (
    errand_id uuid NOT NULL,
    batch integer NOT NULL,
    patient_id uuid NOT NULL,
    PRIMARY KEY (errand_id, batch, patient_id)
);
