-- What the kit keeps in every service's own schema.

-- The next offset to fold, one row per topic and partition: what counts, Kafka's own being a hint.
-- topic_id is the broker's own id of the topic that the offset is of, if the broker told it.
CREATE TABLE inbox_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    appended_at timestamptz,
    topic_id text,
    PRIMARY KEY (topic, partition)
);

-- Messages that are committed and not yet known to be published: one row per batch and partition.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    records bytea NOT NULL,
    record_count integer NOT NULL,
    writer text NOT NULL,
    stored_at timestamptz NOT NULL
);

-- They come compressed: PostgreSQL would only try again.
ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL;

-- Records that could not be read or folded, as they came, with the reason.
CREATE TABLE dead_letters (
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_key bytea,
    record_value bytea,
    reason text NOT NULL,
    detail text NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, record_offset)
);

-- Topics that are being told again from the owner's rows, and the key up to which they have been.
CREATE TABLE republications (
    topic text PRIMARY KEY,
    after_key text NOT NULL
);
