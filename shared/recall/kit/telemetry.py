"""Logs: one JSON object a line, one entry a unit of work, never a name, phone or NHS number."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from recall.kit.reasons import trace_of

PERSONAL = re.compile(
    r"(?<!\d)(?:"
    r"\d{3}[ -]?\d{3}[ -]?\d{4}"
    r"|(?:(?:\+|00)44[ -]?(?:\(0\)[ -]?)?|0)7(?:[ -]?\d){9}"
    r")(?!\d)"
)
"""What looks like an NHS number or a mobile number: masked wherever it might slip in."""

_MASKED_KEYS = frozenset({"time", "timestamp", "offset", "seconds", "next_offset"})


def mask(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a person's number in the texts of a log entry."""
    for key, value in entry.items():
        if isinstance(value, str) and key not in _MASKED_KEYS:
            entry[key] = PERSONAL.sub("[number]", value)
    return entry


def _trace(exc_info: Any) -> str:
    """The traceback in a log entry: a database's own would show the row that it refused."""
    return trace_of(exc_info[1])


def configure(service: str, level: str, style: str) -> None:
    """Set up structlog and send the standard library's logs through the same masking."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_trace),
        mask,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    structlog.contextvars.bind_contextvars(service=service)
