"""The settings all services have, from environment variables."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from recall.contracts.topics import DEFAULT_PARTITIONS

_KEY_BYTES = 16


def _long_enough(key: SecretStr, field: ValidationInfo) -> SecretStr:
    try:
        length = len(bytes.fromhex(key.get_secret_value()))
    except ValueError:
        length = 0
    if length < _KEY_BYTES:
        raise ValueError(
            f"{str(field.field_name).upper()} must be at least {2 * _KEY_BYTES} hexadecimal digits"
        )
    return key


Key = Annotated[SecretStr, AfterValidator(_long_enough)]
"""The key of an HMAC, in hexadecimal, 16 bytes or more.  None has a default: it would be known."""


class ServiceSettings(BaseSettings):
    """What every service needs to know; a service's own settings extend this."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str
    database_url: SecretStr
    """The data source name of the service's own role."""
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    token: SecretStr
    """The bearer token of the stack."""
    partitions: int = Field(default=DEFAULT_PARTITIONS, ge=1, le=1000)
    """Partitions of each topic; all topics keyed by patient have the same number."""
    clock_file: Path | None = None
    """The simulated clock's file; without one, business time is real time."""
    batch_records: int = Field(default=2000, ge=1, le=20000)
    """Records read from Kafka at once, at most."""
    database_connections: int = Field(default=10, ge=2, le=100)
    dead_letter_limit: int = Field(default=1000, ge=1)
    """Bad records in a row at which a consumer stops."""
    watchdog_seconds: float = Field(default=60.0, gt=0)
    """How long a consumer may have lag and finish nothing before its process ends."""
    session_timeout_ms: int = Field(default=10000, ge=1000)
    """How long Kafka waits for a silent consumer before it gives its partitions away."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"

    @property
    def instance(self) -> str:
        """The name of this process among its service's replicas."""
        return f"{os.uname().nodename}.{os.getpid()}"
