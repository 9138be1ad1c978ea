"""What ingest needs to know, from environment variables."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from recall.kit.settings import ServiceSettings

_KEY_BYTES = 16


class Settings(ServiceSettings):
    """The kit's settings and ingest's own."""

    id_key: SecretStr
    """The key of the HMAC that makes ids of NHS numbers, in hexadecimal, 16 bytes or more."""
    scenario_file: Path | None = None
    """The scenario of a simulation: `register` maps NHS numbers to alert codes."""
    allow_load_range: bool = False
    """For load tests: take NHS numbers from 900 000 0000 on, beside the test range."""
    upload_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)
    """The largest file of patients, in bytes."""
    uploads_at_once: int = Field(default=2, ge=1, le=50)
    """Large files judged side by side in this process, and as many small ones beside them; each
    holds a database connection."""
    patients_waiting: int = Field(default=200_000, ge=1)
    """Patients of one practice waiting to be handed on at which no further upload of it begins."""
    waiting_seconds: float = Field(default=15.0, ge=0)
    """How long an upload waits for them before it is turned away with 503."""

    @field_validator("id_key")
    @classmethod
    def _hexadecimal(cls, value: SecretStr) -> SecretStr:
        try:
            length = len(bytes.fromhex(value.get_secret_value()))
        except ValueError:
            length = 0
        if length < _KEY_BYTES:
            raise ValueError("ID_KEY must be at least 32 hexadecimal digits")
        return value

    @property
    def id_key_bytes(self) -> bytes:
        """The key itself."""
        return bytes.fromhex(self.id_key.get_secret_value())
