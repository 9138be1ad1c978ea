"""A plugin on a real broker: asked, crashed, frozen out, and heard."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from catalogue import examples
from catalogue.places import DOCS, ROOT
from launcher.ports import free_ports
from recall.channel import Message, Plugin, PluginSettings, Report, replied, sending
from recall.channel.messages import asked_for, decode
from recall.contracts.topics import TOPICS, channel_topic, dead_letter_topic
from recall.kit.codec import HEADERS, decoder
from recall.kit.consuming import TooManyBadRecordsError
from recall.kit.kafka import Ends, create_topics
from support.stores import TestStores, unique_name

REPORTS = "channel-reports"
WITHIN = 60.0


@dataclass
class Broker:
    """A real broker with one channel's topics, which no other test uses."""

    bootstrap: str
    channel: str
    producer: AIOKafkaProducer

    @property
    def group(self) -> str:
        """The plugin's consumer group."""
        return f"{self.channel}.{self.topic}"

    @property
    def topic(self) -> str:
        """What the plugin reads."""
        return channel_topic(self.channel).name

    async def ask(self, number: int) -> str:
        """Ask for the invitation of one made-up patient; returns its id."""
        event = examples.example("recall.invitation.requested.v1", "full")
        patient = f"9d2b547c-b251-8a77-8f90-{number:012d}"
        text = json.dumps(event).replace(event["subject"], patient)
        text = text.replace("carrier-pigeon", self.channel).replace("2025-09-29T", "2999-09-29T")
        await self.put(patient.encode(), text.encode())
        return f"{patient}.3"

    async def put(self, key: bytes, value: bytes | None) -> None:
        """Append one record, whatever it says."""
        await self.producer.send_and_wait(self.topic, value, key=key, headers=list(HEADERS))

    async def read(self, topic: str, count: int) -> list[Any]:
        """The first so many records of this channel on a topic."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            found: list[Any] = []
            numbers = await self.producer.partitions_for(topic)
            consumer.assign([TopicPartition(topic, number) for number in numbers])
            async with asyncio.timeout(WITHIN):
                while len(found) < count:
                    record = await consumer.getone()
                    if topic != REPORTS or self._is_new(record.value, found):
                        found.append(record)
            return found
        finally:
            await consumer.stop()

    def _is_new(self, value: bytes, found: list[Any]) -> bool:
        """Whether a report is this channel's and no repeat: at least once is what is promised."""
        if self.channel.encode() not in value:
            return False
        said = json.loads(value)["id"]
        return all(json.loads(record.value)["id"] != said for record in found)

    async def reports(self, count: int) -> list[Any]:
        """The first so many events this channel reported, repeats of one counted once."""
        decode = decoder(TOPICS[REPORTS].carries)
        records = await self.read(REPORTS, count)
        assert all(record.headers == HEADERS for record in records)
        return [decode(record.value) for record in records]

    async def committed(self) -> int:
        """How many records of the topic the plugin has committed."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self.group)
        except GroupCoordinatorNotAvailableError:
            return 0
        finally:
            await admin.close()
        return sum(max(0, found.offset) for found in offsets.values())

    async def until_committed(self, count: int) -> None:
        """Wait until the plugin has done so many records."""
        async with asyncio.timeout(WITHIN):
            while await self.committed() < count:  # noqa: ASYNC110 - Kafka tells nobody of commits
                await asyncio.sleep(0.1)


async def until_led(bootstrap: str, topics: list[str]) -> None:
    """Wait until every partition has a leader: a topic just made has none for a moment."""
    ends = Ends(bootstrap)
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                with suppress(KafkaError):
                    await ends.all_ends(topics, range(3))
                    return
                await asyncio.sleep(0.1)
    finally:
        await ends.stop()


@pytest.fixture
async def broker(stores: TestStores) -> AsyncIterator[Broker]:
    """A broker with a channel of its own."""
    await create_topics(stores.bootstrap, [TOPICS[REPORTS]], 3)
    channel = unique_name("c").replace("_", "-")
    await create_topics(stores.bootstrap, [channel_topic(channel)], 3)
    await until_led(stores.bootstrap, [REPORTS, channel_topic(channel).name])
    producer = AIOKafkaProducer(bootstrap_servers=stores.bootstrap)
    await producer.start()
    try:
        yield Broker(stores.bootstrap, channel, producer)
    finally:
        await producer.stop()


@dataclass
class Provider:
    """Sends nothing, remembers everything, and fails as it is told."""

    plugin: Plugin = field(init=False)
    keys: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def send(self, message: Message) -> list[Report]:
        """Take one message."""
        self.keys.append(message.key)
        if self.failures:
            raise self.failures.pop()
        if self.hold is not None:
            await self.hold.wait()
        return [sending(message.about, f"{message.key}.left", self.plugin.now())]


@asynccontextmanager
async def running(
    broker: Broker, provider: Provider, **settings: Any
) -> AsyncIterator["asyncio.Task[None]"]:
    """A plugin at work until the end of the block, which ends it as a crash would."""
    chosen = PluginSettings(kafka_bootstrap_servers=broker.bootstrap, **settings)
    provider.plugin = Plugin(broker.channel, provider.send, settings=chosen)
    task = asyncio.create_task(provider.plugin.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, TooManyBadRecordsError):
            await task


async def until(so: Callable[[], object]) -> None:
    """Wait until something is so: a plugin is asked in its own time."""
    async with asyncio.timeout(WITHIN):
        while not so():  # noqa: ASYNC110 - providers set no event
            await asyncio.sleep(0.05)


async def test_what_is_asked_is_sent_and_reported_and_garbage_put_aside(broker: Broker) -> None:
    provider = Provider()
    asked = [await broker.ask(number) for number in range(20)]
    await broker.put(b"garbage", b"{no json")
    await broker.put(b"tombstone", None)
    async with running(broker, provider):
        await broker.until_committed(22)
    reports = await broker.reports(20)
    assert sorted(set(provider.keys)) == asked
    assert {report.id for report in reports} == {f"{key}/sending/{key}.left" for key in asked}
    [letter] = await broker.read(dead_letter_topic(broker.group).name, 1)
    assert (letter.key, letter.value) == (b"garbage", b"{no json")
    headers = dict(letter.headers)
    assert headers["recall-came-from"].decode().startswith(f"{broker.topic}/")
    assert b"malformed" in headers["recall-reason"]


async def test_what_was_done_is_not_done_again_after_a_restart(broker: Broker) -> None:
    provider = Provider()
    first = await broker.ask(1)
    async with running(broker, provider):
        await broker.until_committed(1)
    second = await broker.ask(2)
    async with running(broker, provider):
        await broker.until_committed(2)
    assert provider.keys == [first, second]


async def test_what_was_not_finished_when_it_crashed_is_given_again(broker: Broker) -> None:
    key = await broker.ask(1)
    hanging = Provider(hold=asyncio.Event())
    async with running(broker, hanging):
        await until(lambda: hanging.keys)
    assert await broker.committed() == 0
    provider = Provider()
    async with running(broker, provider):
        await broker.until_committed(1)
    assert hanging.keys == provider.keys == [key]


async def test_a_provider_that_does_not_answer_is_asked_until_it_does(broker: Broker) -> None:
    provider = Provider(failures=[ConnectionError("no answer"), TimeoutError()])
    key = await broker.ask(1)
    async with running(broker, provider):
        await broker.until_committed(1)
    assert provider.keys == [key, key, key]
    assert len(await broker.reports(1)) == 1


async def test_a_second_copy_takes_over_what_the_first_cannot_do(broker: Broker) -> None:
    """The first one's retries end when its partitions go, so that the second need not wait."""
    keys = {await broker.ask(number) for number in range(30)}
    stuck, works = Provider(failures=[ConnectionError()] * 100_000), Provider()
    async with AsyncExitStack() as first:
        await first.enter_async_context(running(broker, stuck))
        await until(lambda: stuck.keys)
        async with running(broker, works):
            await until(lambda: works.keys)
            await first.aclose()
            await broker.until_committed(30)
    assert keys == set(works.keys)
    assert {report.data.invitation_id for report in await broker.reports(30)} == keys


async def test_a_message_that_the_plugin_refuses_does_not_stop_its_neighbours(
    broker: Broker,
) -> None:
    provider = Provider(failures=[ValueError("no such street: \udc80\nat all")])
    for number in range(3):
        await broker.ask(number)
    async with running(broker, provider):
        await broker.until_committed(3)
    assert len(await broker.reports(2)) == 2
    [letter] = await broker.read(dead_letter_topic(broker.group).name, 1)
    assert dict(letter.headers)["recall-reason"] == b"ValueError: no such street: \\udc80"


async def test_a_plugin_stops_at_too_many_bad_records_in_a_row(broker: Broker) -> None:
    for number in range(6):
        await broker.put(str(number).encode(), b"garbage")
    async with running(broker, Provider(), dead_letter_limit=5) as plugin:
        with pytest.raises(TooManyBadRecordsError):
            await asyncio.wait_for(plugin, WITHIN)


async def test_good_records_between_bad_ones_let_a_plugin_go_on(broker: Broker) -> None:
    provider = Provider()
    for number in range(4):
        for _ in range(3):
            await broker.put(str(number).encode(), b"garbage")
        await broker.ask(number)
    async with running(broker, provider, dead_letter_limit=9):
        await broker.until_committed(16)
    assert len(provider.keys) == 4


async def test_a_record_nested_beyond_all_bounds_is_put_aside(broker: Broker) -> None:
    provider = Provider()
    await broker.put(b"1", b'{"data":' + b"[" * 100_000)
    await broker.ask(1)
    async with running(broker, provider):
        await broker.until_committed(2)
    assert len(provider.keys) == 1
    [letter] = await broker.read(dead_letter_topic(broker.group).name, 1)
    assert dict(letter.headers)["recall-came-from"].startswith(broker.topic.encode())


async def test_a_webhook_reports_while_the_plugin_runs(broker: Broker) -> None:
    provider = Provider()
    async with running(broker, provider):
        about = replace(pigeon(), channel=broker.channel)
        await provider.plugin.report(replied(about, "loft-1", provider.plugin.now(), "A"))
    [report] = await broker.reports(1)
    assert report.data.text == "A"
    assert report.id == f"{about.invitation_id}/reply/loft-1"


def pigeon() -> Any:
    """The invitation of the tutorial's examples."""
    text = examples.text_of("recall.invitation.requested.v1", "full")
    asked = asked_for(decode(text.encode()).data)
    assert isinstance(asked, Message)
    return asked.about


async def test_the_tutorials_plugin_runs_as_it_is_written(broker: Broker, tmp_path: Path) -> None:
    """As a process of its own: it sends, hears the loft, and ends with a signal."""
    source = (DOCS / "plugins.md").read_text().split("```python\n")[1].split("```")[0]
    file = tmp_path / "carrier_pigeon.py"
    file.write_text(source.replace('Plugin("carrier-pigeon"', f'Plugin("{broker.channel}"'))
    [port] = free_ports(1)
    key = await broker.ask(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(file),
        env=os.environ
        | {
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
            "LOFT_PORT": str(port),
            "PYTHONPATH": str(ROOT / "shared"),
        },
    )
    try:
        await broker.until_committed(1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        about = replace(pigeon(), channel=broker.channel, invitation_id=key)
        writer.write(f"{about} loft-1 landed\ncoo\n{about} loft-2 says A\n".encode())
        answers = [await asyncio.wait_for(reader.readline(), WITHIN) for _ in range(3)]
        writer.close()
        assert answers == [b"noted\n", b"what?\n", b"noted\n"]
        reports = await broker.reports(3)
        assert {report.id for report in reports} == {
            f"{key}/sending/{key}.left",
            f"{key}/delivered/loft-1",
            f"{key}/reply/loft-2",
        }
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), WITHIN) == 0
