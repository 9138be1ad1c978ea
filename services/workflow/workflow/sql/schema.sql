-- What workflow owns.  Instants and dates are kept as the wire writes them: they sort as text, and
-- no query computes with them.

-- Targets as far as dispatch needs them; a dispatcher holds the row's lock while it works on one.
CREATE TABLE targets (
    target_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    practice text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused', 'closed')),
    rounds jsonb NOT NULL CHECK (jsonb_typeof(rounds) = 'array'),
    from_date text NOT NULL,
    to_date text NOT NULL,
    ratio text
);

-- Where every patient is.  No name, phone or address: only whether there is one.
CREATE TABLE patients (
    patient_id uuid PRIMARY KEY,
    target_id text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    enrolment_version bigint NOT NULL,
    nhs_number text NOT NULL,
    date_of_birth text NOT NULL,
    has_mobile boolean NOT NULL,
    has_address boolean NOT NULL,
    has_carer_mobile boolean NOT NULL,
    round integer NOT NULL CHECK (round >= 0),
    invited_round integer NOT NULL CHECK (invited_round BETWEEN 0 AND round),
    status text NOT NULL CHECK (
        status IN (
            'in_queue', 'being_invited', 'booked', 'declined', 'did_not_book', 'patient_alert',
            'removed'
        )
    ),
    description text NOT NULL,
    until text,
    alert text,
    delivery text,
    slot_id text,
    slot_starts_at text,
    outcome_version bigint NOT NULL,
    noted_version bigint NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    actor text NOT NULL,
    reason text,
    updated_at text NOT NULL,
    CHECK ((status = 'patient_alert') = (alert IS NOT NULL)),
    CHECK (status <> 'in_queue' OR invited_round < round),
    CHECK (status <> 'being_invited' OR invited_round = round)
) WITH (fillfactor = 85);

-- Who waits on a target: later rounds first, then upload order.
CREATE INDEX patients_in_queue ON patients (target_id, round DESC, position)
WHERE status = 'in_queue';

-- One invitation per patient and round, ever.
CREATE TABLE dispatched (
    patient_id uuid NOT NULL,
    round integer NOT NULL,
    PRIMARY KEY (patient_id, round)
);

-- How many wait, are being invited and hold a slot, by target and round.  Every writer counts in a shard of its
-- own, so that writers never wait for one another; readers sum.  One shard alone may be negative.
CREATE TABLE tallies (
    target_id text COLLATE "C" NOT NULL,
    shard text COLLATE "C" NOT NULL,
    round integer NOT NULL,
    in_queue bigint NOT NULL,
    being_invited bigint NOT NULL,
    booked bigint NOT NULL,
    PRIMARY KEY (target_id, shard, round)
) WITH (fillfactor = 50);

-- The free slots of a target as invitations last counted them, and how many were booked then.
CREATE TABLE availabilities (
    target_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    days jsonb NOT NULL CHECK (jsonb_typeof(days) = 'array'),
    last_slot_at text,
    booked bigint
);

-- Why each round's queue waits, as last published.
CREATE TABLE queue_states (
    target_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    rounds text NOT NULL
);

-- Messages about patients not met yet: they wait for the enrolment.
CREATE TABLE waiting_messages (
    patient_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    topic text NOT NULL,
    record_value bytea NOT NULL,
    PRIMARY KEY (patient_id, event_id)
);
