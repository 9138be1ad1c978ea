"""The registry of topics is what the services do."""

import ast
from itertools import pairwise
from pathlib import Path
from unittest.mock import AsyncMock, Mock, patch

import pytest
from aiokafka.partitioner import DefaultPartitioner

from catalogue import examples
from catalogue.places import ROOT
from catalogue.wiring import SERVICES, wired, wiring
from dashboard.timeline import entry_of
from recall.contracts.topics import (
    CHANNEL_TOPIC_PREFIX,
    TOPICS,
    Topic,
    channel_topic,
    dead_letter_topic,
    topic_of,
)
from recall.kit.codec import decoder
from recall.kit.kafka import partition_of
from workflow.messages import happening_of

NOT_WORKFLOWS_BUSINESS = {"recall.opt-out.requested.v1"}
"""Opt-outs concern texts, which are invitations' to send or not."""

TOLD_BY_THE_DASHBOARD = (
    "patients",
    "patient-progress",
    "patient-requests",
    "invitation-outcomes",
)
"""Topics whose events stand in a patient's timeline."""

every_topic = pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS.keys())
every_service = pytest.mark.parametrize("service", SERVICES)


@every_topic
def test_a_topic_has_a_writer_and_readers_that_exist(topic: Topic) -> None:
    assert topic.writer in {*SERVICES, "any channel"}
    assert topic.readers
    assert set(topic.readers) <= set(SERVICES)
    assert topic.writer not in topic.readers


@every_topic
def test_a_topic_is_kept_for_ever_only_if_each_record_is_whole(topic: Topic) -> None:
    if topic.compacted:
        assert len(topic.carries) == 1
        assert "version" in topic.carries[0].model_fields


@every_topic
def test_the_topic_of_an_event_is_found(topic: Topic) -> None:
    assert all(topic_of(model) is topic for model in topic.carries)


def test_topics_of_channels_cannot_be_mistaken_for_others() -> None:
    assert not any(
        name.startswith(CHANNEL_TOPIC_PREFIX) for name in TOPICS.keys() - {"invitation-outcomes"}
    )
    assert channel_topic("outcomes").name not in TOPICS
    assert dead_letter_topic("sms.invitations-sms").name == "sms.invitations-sms-dlq"


@every_service
def test_a_service_reads_exactly_what_the_registry_lists_for_it(service: str) -> None:
    listed = {name for name, topic in TOPICS.items() if service in topic.readers}
    assert set(wiring(service).reads) == listed


@every_service
async def test_a_consumer_group_is_named_for_its_service_and_topic(service: str) -> None:
    made = wired(service)
    consumers = {topic: Mock() for topic in wiring(service).reads}
    broker = Mock(start=AsyncMock())
    with (
        patch("recall.kit.service.KafkaBroker", return_value=broker),
        patch.object(made, "consumers", consumers),
    ):
        await made._start_broker()
    for topic, consumer in consumers.items():
        consumer.subscribe.assert_called_once_with(broker, f"{service}.{topic}", made.settings)


def test_workflow_knows_what_to_make_of_every_outcome_and_request() -> None:
    for topic in (TOPICS["invitation-outcomes"], TOPICS["patient-requests"]):
        for model in topic.carries:
            event = decoder(topic.carries)(examples.text_of(model.event_type, "full").encode())
            ignored = model.event_type in NOT_WORKFLOWS_BUSINESS
            assert (happening_of(event) is None) == ignored


@pytest.mark.parametrize("name", TOLD_BY_THE_DASHBOARD)
def test_the_dashboard_can_tell_of_every_event(name: str) -> None:
    topic = TOPICS[name]
    for model in topic.carries:
        for example in examples.names(model.event_type):
            text = examples.text_of(model.event_type, example).encode()
            event = decoder(topic.carries)(text)
            entry = entry_of(event.type, event.id, event.data)
            assert entry is None or entry.patient_id == event.data.patient_id


@pytest.mark.parametrize(
    ("service", "topic"),
    [(s, t) for s in SERVICES for t in TOPICS.values() if s in t.readers],
    ids=lambda value: getattr(value, "name", value),
)
def test_handlers_tell_the_events_of_a_topic_from_one_another(service: str, topic: Topic) -> None:
    """All but one of a topic's events are named in the service: the last may be what is left."""
    if len(topic.carries) > 1 and (service, topic.name) not in BY_TYPE_ALONE:
        named = names_in(package_of(service))
        assert sum(model.__name__ in named for model in topic.carries) >= len(topic.carries) - 1


BY_TYPE_ALONE = {("dashboard", name) for name in TOLD_BY_THE_DASHBOARD}
"""Shown above to be told one by one."""


def package_of(service: str) -> Path:
    """The folder of a service's package."""
    [folder] = [path for path in (ROOT / "services").glob(f"*/{service}") if path.is_dir()]
    return folder


def names_in(package: Path) -> set[str]:
    """Every name that a package's code uses."""
    nodes = [n for path in package.rglob("*.py") for n in ast.walk(ast.parse(path.read_text()))]
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


def test_a_patient_has_one_partition_on_all_topics_whichever_client_writes() -> None:
    """Every topic is made with the same number of partitions, and keys go where Kafka's own go."""
    choose = DefaultPartitioner()
    partitions = list(range(12))
    for number in range(200):
        key = f"9d2b547c-b251-8a77-8f90-{number:012x}"
        assert partition_of(key, 12) == choose(key.encode(), partitions, partitions)


@every_service
def test_every_service_counts_on_the_same_number_of_partitions(service: str) -> None:
    numbers = [wired(name).settings.partitions for name in SERVICES]
    assert all(one == other for one, other in pairwise(numbers))
    assert wired(service).settings.partitions == numbers[0]
