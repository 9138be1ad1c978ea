"""What ingest needs to know, from environment variables."""

from pathlib import Path

from pydantic import Field

from recall.kit.settings import Key, ServiceSettings


class Settings(ServiceSettings):
    """The kit's settings and ingest's own."""

    id_key: Key
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

    @property
    def id_key_bytes(self) -> bytes:
        """The key itself."""
        return bytes.fromhex(self.id_key.get_secret_value())
