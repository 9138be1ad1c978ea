"""Every metric of the kit, with one line each on what it says."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SERVICE = ["service"]
TOPIC = ["service", "topic"]
PARTITION = ["service", "topic", "partition"]


class Metrics:
    """The metrics of one service process; a service's own are added to the same registry."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        gauge = partial(Gauge, registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        # What wakes an operator, in records and in time, which people understand.
        self.lag_records = gauge(
            "recall_consumer_lag_records",
            "Records appended to a partition and not yet folded.",
            PARTITION,
        )
        self.lag_seconds = gauge(
            "recall_consumer_lag_seconds",
            "Seconds since the last folded record was appended, while there is lag; else 0.",
            PARTITION,
        )
        self.records = counter(
            "recall_records_folded_total", "Records folded and committed.", TOPIC
        )
        self.dead_letters = counter(
            "recall_dead_letters_total", "Records put into dead_letters.", [*TOPIC, "reason"]
        )
        # Harmless, but a flood of them is a symptom.
        self.skipped = counter(
            "recall_records_skipped_total",
            "Records passed over: repeats below the stored offset, and null values.",
            [*TOPIC, "why"],
        )
        # A database or broker in trouble.
        self.retries = counter(
            "recall_batch_retries_total", "Batches done again after an error.", TOPIC
        )
        # A topic made anew, or records lost to retention.
        self.offset_alarms = counter(
            "recall_offset_alarms_total",
            "Stored offsets outside a partition, and unexpected holes in one.",
            [*TOPIC, "why"],
        )
        self.batch_seconds = Histogram(
            "recall_batch_seconds",
            "Seconds from a batch's first statement to its commit.",
            TOPIC,
            registry=self.registry,
        )
        # Whether what is committed gets out: both grow while Kafka is away.
        self.outbox_records = gauge(
            "recall_outbox_records",
            "Messages committed and not yet known to be published.",
            SERVICE,
        )
        self.outbox_age_seconds = gauge(
            "recall_outbox_age_seconds",
            "Age of the oldest message not yet published.",
            SERVICE,
        )
        # Repeats included.
        self.published = counter(
            "recall_records_published_total", "Records the broker acknowledged.", TOPIC
        )
