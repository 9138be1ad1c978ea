"""Every metric of the kit, with one line each on what it says."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The metrics of one service process; a service's own are added to the same registry."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        where = ["service", "topic", "partition"]
        # How many records are appended and not yet folded: what wakes an operator.
        self.lag_records = Gauge(
            "recall_consumer_lag_records",
            "Records appended to a partition and not yet folded.",
            where,
            registry=self.registry,
        )
        # The same in time, which people understand: how old the newest folded record is.
        self.lag_seconds = Gauge(
            "recall_consumer_lag_seconds",
            "Seconds since the last folded record was appended, while there is lag; else 0.",
            where,
            registry=self.registry,
        )
        # Records put aside with their reason.
        self.dead_letters = Counter(
            "recall_dead_letters_total",
            "Records put into dead_letters.",
            ["service", "topic", "reason"],
            registry=self.registry,
        )
        # Records folded: the throughput of a service.
        self.records = Counter(
            "recall_records_folded_total",
            "Records folded and committed.",
            ["service", "topic"],
            registry=self.registry,
        )
        # Records that were already folded, or null: harmless, but a flood of them is a symptom.
        self.skipped = Counter(
            "recall_records_skipped_total",
            "Records passed over: repeats below the stored offset, and null values.",
            ["service", "topic", "why"],
            registry=self.registry,
        )
        # Batches that had to be done again: a database or broker in trouble.
        self.retries = Counter(
            "recall_batch_retries_total",
            "Batches done again after an error.",
            ["service", "topic"],
            registry=self.registry,
        )
        # Offsets that make no sense: a topic made anew, or records lost to retention.
        self.offset_alarms = Counter(
            "recall_offset_alarms_total",
            "Stored offsets outside a partition, and unexpected holes in one.",
            ["service", "topic", "why"],
            registry=self.registry,
        )
        # How long a batch takes from its first statement to its commit.
        self.batch_seconds = Histogram(
            "recall_batch_seconds",
            "Seconds from a batch's first statement to its commit.",
            ["service", "topic"],
            registry=self.registry,
        )
        # What is committed and not yet published.
        self.outbox_records = Gauge(
            "recall_outbox_records",
            "Messages committed and not yet known to be published.",
            ["service"],
            registry=self.registry,
        )
        # Whether what is committed gets out: grows while Kafka is away.
        self.outbox_age_seconds = Gauge(
            "recall_outbox_age_seconds",
            "Age of the oldest message not yet published.",
            ["service"],
            registry=self.registry,
        )
        # Messages published, repeats included.
        self.published = Counter(
            "recall_records_published_total",
            "Records the broker acknowledged.",
            ["service", "topic"],
            registry=self.registry,
        )
