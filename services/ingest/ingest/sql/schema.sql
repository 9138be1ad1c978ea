-- What ingest owns when all migrations have run: targets, patients, uploads, slots, answers.

-- Targets as their practices set them up; every change has a higher version.
CREATE TABLE targets (
    target_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    practice text NOT NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused', 'closed')),
    rounds jsonb NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL,
    invitations_per_slot text,
    actor text NOT NULL,
    saved_at timestamptz NOT NULL,
    request_digest text NOT NULL,
    removals bigint NOT NULL DEFAULT 0
);

-- One row a target, locked by the upload that is adding to it: a long upload must not hold the
-- target itself, so that pausing never waits for one.
CREATE TABLE rosters (
    target_id text COLLATE "C" PRIMARY KEY REFERENCES targets,
    next_position bigint NOT NULL
);

-- Every enrolment there was; the current one of a number on a target is not removed.  There is no
-- foreign key: an upload holds its target's roster row, which has one.
CREATE TABLE patients (
    patient_id text COLLATE "C" NOT NULL,
    target_id text COLLATE "C" NOT NULL,
    person_id text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    version bigint NOT NULL,
    enrolment bigint NOT NULL,
    position bigint NOT NULL,
    nhs_number text COLLATE "C" NOT NULL,
    date_of_birth date NOT NULL,
    first_name text,
    last_name text,
    mobile text,
    address text[] NOT NULL,
    postcode text,
    carer_name text,
    carer_mobile text,
    supplied smallint NOT NULL,
    alert text,
    actor text NOT NULL,
    enrolled_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (target_id, nhs_number, enrolment)
);
CREATE UNIQUE INDEX patients_by_id ON patients (patient_id);

-- What staff asked to happen to patients, as it was told: only this says it if Kafka's data are lost.
CREATE TABLE patient_requests (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id text COLLATE "C" NOT NULL,
    what text NOT NULL CHECK (what IN ('removal', 'opt_out')),
    command_id text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    requested_at timestamptz NOT NULL
);

-- Patients who are stored and answered for, and not yet handed on: a row is a turn of its target,
-- holding what `patients` will be told.  Rows are records packed as they will be sent.
CREATE TABLE portions (
    portion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_id text COLLATE "C" NOT NULL,
    practice text NOT NULL,
    patients integer NOT NULL,
    records bytea NOT NULL,
    stored_at timestamptz NOT NULL
);
CREATE INDEX portions_by_target ON portions (target_id, portion_id);

-- They come compressed: PostgreSQL would only try again.
ALTER TABLE portions ALTER COLUMN records SET STORAGE EXTERNAL;

-- Answers to uploads.  `removals` is the target's count of removals when the file was read: while
-- it stands there, the same content needs no second reading.
CREATE TABLE uploads (
    upload_id text COLLATE "C" PRIMARY KEY,
    target_id text COLLATE "C" NOT NULL REFERENCES targets,
    fingerprint text NOT NULL,
    answer jsonb NOT NULL,
    removals bigint NOT NULL,
    actor text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    header text[] NOT NULL,
    rejected_kept bigint NOT NULL
);
CREATE INDEX uploads_by_content ON uploads (target_id, fingerprint, removals DESC);
CREATE INDEX uploads_by_time ON uploads (target_id, uploaded_at DESC);
CREATE INDEX uploads_with_rejected_rows ON uploads (uploaded_at) WHERE rejected_kept > 0;

-- What could not be read, as it was, for the practice to correct; erased after 30 days, or when the
-- target is closed.  There is no foreign key: rows come before their upload's answer, in its
-- transaction.
CREATE TABLE rejected_rows (
    upload_id text COLLATE "C" NOT NULL,
    row bigint NOT NULL,
    cells text[] NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (upload_id, row)
);

-- Slots as released or withdrawn; who booked them, invitations knows.
CREATE TABLE slots (
    target_id text COLLATE "C" NOT NULL REFERENCES targets,
    slot_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    minutes integer NOT NULL,
    clinician text,
    withdrawn boolean NOT NULL,
    PRIMARY KEY (target_id, slot_id)
);

-- Answers to requests that carried an Idempotency-Key, kept for a day of machine time.
CREATE TABLE answers (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    request_digest text NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body jsonb NOT NULL,
    kept_at timestamptz NOT NULL
);
CREATE INDEX answers_by_age ON answers (kept_at);
