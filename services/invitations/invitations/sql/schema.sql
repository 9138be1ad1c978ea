-- What invitations owns when all migrations have run.

-- Targets as ingest saved them; only what inviting needs.
CREATE TABLE targets (
    target_id text PRIMARY KEY,
    version bigint NOT NULL,
    practice text NOT NULL,
    name text NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL,
    rounds text NOT NULL
);

-- Patients and how they are reached.
CREATE TABLE patients (
    patient_id uuid PRIMARY KEY,
    target_id text NOT NULL,
    person_id uuid NOT NULL,
    version bigint NOT NULL,
    partition smallint NOT NULL,
    nhs_number text NOT NULL,
    date_of_birth date NOT NULL,
    first_name text,
    last_name text,
    mobile text,
    address text NOT NULL,
    postcode text,
    carer_name text,
    carer_mobile text
);
CREATE INDEX patients_person ON patients (person_id);

-- Who was removed from a target, so that a late answer is refused.
CREATE TABLE removals (
    patient_id uuid PRIMARY KEY
);

-- People who want no texts, on any target.
CREATE TABLE opt_outs (
    person_id uuid PRIMARY KEY,
    opted_out boolean NOT NULL,
    at timestamptz NOT NULL
);

-- One patient in one round, at most one, ever; it ends exactly once.  `opening` is the beginning of
-- the hash of the code that opens the patient's page; a link leads to it by its code.
CREATE TABLE invitations (
    patient_id uuid NOT NULL,
    person_id uuid NOT NULL,
    dispatched_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    opening bigint,
    said integer NOT NULL,
    template_version integer NOT NULL,
    round smallint NOT NULL,
    partition smallint NOT NULL,
    link_tries smallint NOT NULL DEFAULT 0,
    helped boolean NOT NULL DEFAULT false,
    needs_reply boolean NOT NULL DEFAULT false,
    target_id text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (
        state IN ('open', 'booked', 'declined', 'unanswered', 'undeliverable', 'withdrawn')
    ),
    delivery text CHECK (delivery IN ('sending', 'delivered', 'failed')),
    reason text,
    offer_a text,
    offer_b text,
    offer_c text,
    invitation_id text GENERATED ALWAYS AS (patient_id::text || '.' || round::text) VIRTUAL,
    PRIMARY KEY (patient_id, round),
    CHECK ((state = 'open') = (ended_at IS NULL))
-- Every invitation is changed a few times: room in its page keeps the change off the indexes.
) WITH (fillfactor = 60);
CREATE INDEX invitations_deadlines ON invitations (expires_at, partition) WHERE state = 'open';
CREATE INDEX invitations_replies ON invitations (target_id) WHERE needs_reply;
CREATE INDEX invitations_openings ON invitations (opening) WHERE opening IS NOT NULL;

-- Withdrawals, kept because one may come before its dispatch.
CREATE TABLE withdrawals (
    invitation_id text PRIMARY KEY,
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
);

-- Answers as they came: a repeat of a report is recognised here.
CREATE TABLE replies (
    invitation_id text NOT NULL,
    report_id text NOT NULL,
    said text NOT NULL,
    meaning text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (invitation_id, report_id)
);

-- What staff took from patients who had no open invitation: said counts the events about those who
-- never had one; declined_at keeps an invitation that is on its way from going out.
CREATE TABLE direct_answers (
    patient_id text PRIMARY KEY,
    said bigint NOT NULL,
    declined_at timestamptz,
    actor text NOT NULL
);

-- Texts that simulated phones got, to be looked at: a few of each batch, the latest ones only.
CREATE TABLE sent_texts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invitation_id text NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX sent_texts_invitations ON sent_texts (invitation_id);

-- Invitations that met a temporary failure: due_at is when they go out again, if they are to.
CREATE TABLE resendings (
    invitation_id text PRIMARY KEY,
    partition smallint NOT NULL,
    attempt smallint NOT NULL,
    report_id text NOT NULL,
    due_at timestamptz
);
CREATE INDEX resendings_due ON resendings (due_at) WHERE due_at IS NOT NULL;

-- Channels of plugins from which any report has come: somebody serves them.
CREATE TABLE served_channels (
    channel text PRIMARY KEY
);

-- The slots of the practices.
CREATE TABLE slots (
    target_id text NOT NULL,
    slot_id text NOT NULL,
    version bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    london_date date NOT NULL,
    minutes smallint NOT NULL,
    clinician text,
    booked boolean NOT NULL,
    withdrawn boolean NOT NULL,
    PRIMARY KEY (target_id, slot_id)
);
CREATE INDEX slots_free ON slots (target_id, starts_at, slot_id)
WHERE NOT booked AND NOT withdrawn;

-- Standing appointments: never two patients in a slot, never two slots for a person on a target.
CREATE TABLE appointments (
    target_id text NOT NULL,
    slot_id text NOT NULL,
    person_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    round smallint,
    starts_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (target_id, slot_id),
    UNIQUE (target_id, person_id)
);

-- What was last published of a target's free slots; next_start is when the count changes by itself.
-- booked is how many appointments stand, as far as the marks that were used up say.
CREATE TABLE boards (
    target_id text PRIMARY KEY,
    version bigint NOT NULL,
    content text NOT NULL,
    booked bigint NOT NULL DEFAULT 0,
    next_start timestamptz
);

-- Marks that a target's free slots changed, and by how many appointments: appended, so that
-- bookings never wait for each other.
CREATE TABLE dirty_marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_id text NOT NULL,
    booked integer NOT NULL
);

-- What simulated channels will report, and when.
CREATE TABLE simulated_acts (
    due_at timestamptz NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    patient_id uuid NOT NULL,
    round smallint NOT NULL,
    partition smallint NOT NULL,
    target_id text NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('delivered', 'delayed', 'failed', 'supplier', 'reply', 'visit')
    ),
    said text NOT NULL,
    PRIMARY KEY (due_at, id)
);

-- Dispatches of patients who are not known yet.
CREATE TABLE waiting_messages (
    event_id text PRIMARY KEY,
    patient_id text NOT NULL,
    partition smallint NOT NULL,
    event bytea NOT NULL
);
CREATE INDEX waiting_messages_patients ON waiting_messages (patient_id);

-- Batches of letters for the print supplier: those of one cut-off, at most a thousand in each.
CREATE TABLE letter_batches (
    batch_id text PRIMARY KEY,
    cut_off timestamptz NOT NULL,
    part smallint NOT NULL,
    letters integer NOT NULL,
    formed_at timestamptz NOT NULL,
    UNIQUE (cut_off, part)
);

-- Letters: waiting for their cut-off, then for ever in one batch, with what they say.
CREATE TABLE letters (
    patient_id uuid NOT NULL,
    round smallint NOT NULL,
    place smallint,
    target_id text NOT NULL,
    cut_off timestamptz NOT NULL,
    batch_id text REFERENCES letter_batches,
    content bytea,
    invitation_id text GENERATED ALWAYS AS (patient_id::text || '.' || round::text) VIRTUAL,
    PRIMARY KEY (patient_id, round),
    CHECK ((batch_id IS NULL) = (place IS NULL)),
    CHECK ((batch_id IS NULL) = (content IS NULL))
);
CREATE INDEX letters_waiting ON letters (cut_off, patient_id, round) WHERE batch_id IS NULL;
CREATE UNIQUE INDEX letters_places ON letters (batch_id, place) WHERE batch_id IS NOT NULL;
CREATE INDEX letters_targets ON letters (target_id, batch_id);

-- Wrong codes by the address they came from, as a keyed hash: when each of the last ones was tried.
CREATE TABLE code_tries (
    address bytea PRIMARY KEY,
    tried_at timestamptz[] NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX code_tries_last ON code_tries (last_at);
