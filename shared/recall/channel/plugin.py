"""The runner of a plugin: reads what its channel is asked, calls it, publishes its reports.

Delivery is at least once.  A message may come again after a crash, with the same key; records
of one patient come in order, those of different patients side by side.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from recall.channel.messages import Message, Withdrawal, asked_for
from recall.channel.reports import Report
from recall.contracts.topics import TOPICS, channel_topic
from recall.kit import telemetry
from recall.kit.clock import clock_from
from recall.kit.codec import Event
from recall.kit.publishing import Keyed
from recall.kit.streaming import Stream

log = structlog.get_logger()

Send = Callable[[Message], Awaitable[Sequence[Report]]]
"""Sends one message and returns what is known of it by then, possibly nothing.

A ValueError puts the record on the dead-letter topic; any other error, such as a provider that
does not answer, is waited out and the message given again.
"""

Withdraw = Callable[[Withdrawal], Awaitable[None]]
"""Stops a message that has not gone out yet, where the channel can."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class PluginSettings(BaseSettings):
    """What a plugin needs to know, from environment variables."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str
    """`kafka` in .run/stack.json."""
    clock_file: Path | None = None
    """The simulated clock's file, for a plugin of a simulated stack."""
    messages_at_once: int = Field(default=50, ge=1, le=1000)
    dead_letter_limit: int = Field(default=1000, ge=1)
    """Bad records in a row at which the plugin stops."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"


async def _cannot_withdraw(withdrawal: Withdrawal) -> None:
    """For channels whose messages are gone once they are sent."""
    log.info("an invitation was withdrawn", invitation_id=withdrawal.key)


class Plugin:
    """One channel: a function that sends, and reports whenever there is something to say."""

    def __init__(
        self,
        channel: str,
        send: Send,
        withdraw: Withdraw = _cannot_withdraw,
        settings: PluginSettings | None = None,
    ) -> None:
        self.channel = channel
        self.settings = settings or PluginSettings()
        self._send = send
        self._withdraw = withdraw
        self._clock = clock_from(self.settings.clock_file)
        topic = channel_topic(channel)
        self._stream = Stream(
            bootstrap=self.settings.kafka_bootstrap_servers,
            topic=topic,
            group=f"{channel}.{topic.name}",
            answers=TOPICS["channel-reports"],
            work=self.answer,
            abreast=self.settings.messages_at_once,
            dead_letter_limit=self.settings.dead_letter_limit,
        )

    @property
    def trouble(self) -> str | None:
        """Why nothing moves now, for a readiness check; None while all is well."""
        return self._stream.trouble

    def now(self) -> datetime:
        """Business time, aware UTC: the machine's, or the simulation's."""
        return self._clock.now()

    async def answer(self, event: Event) -> list[Keyed]:
        """Do what one event asks; returns the records of the reports."""
        asked = asked_for(event.data)
        if isinstance(asked, Withdrawal):
            await self._withdraw(asked)
            return []
        if asked.expires_at is not None and asked.expires_at <= self.now():
            log.warning("an invitation came too late to be sent", invitation_id=asked.key)
            return []
        reports = await self._send(asked)
        return [(report.key, report.value(event.traceparent)) for report in reports]

    async def report(self, *reports: Report) -> None:
        """Say what the provider said later: call this from its webhook, and answer it after.

        Returns once the broker has the reports.

        Raises:
            KafkaError, TimeoutError: it may not have them; report them again.
        """
        await self._stream.publish([(report.key, report.value()) for report in reports])

    async def run(self) -> None:
        """Serve the channel until cancelled.

        Raises:
            TooManyBadRecordsError: something is wrong with the topic, not with its records.
        """
        await self._stream.run()

    def main(self, *beside: Callable[[], Awaitable[None]]) -> None:
        """Serve the channel until a signal ends it, other coroutines beside it."""
        telemetry.configure(
            f"plugin-{self.channel}", self.settings.log_level, self.settings.log_format
        )
        asyncio.run(self._until_signal(beside))

    async def _until_signal(self, beside: Sequence[Callable[[], Awaitable[None]]]) -> None:
        together = asyncio.gather(self.run(), *(one() for one in beside))
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, together.cancel)
        log.info("the plugin is up", channel=self.channel)
        with contextlib.suppress(asyncio.CancelledError):
            await together
        log.info("the plugin has stopped", channel=self.channel)
