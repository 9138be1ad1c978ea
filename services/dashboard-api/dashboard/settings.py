"""What the dashboard needs to know, from environment variables."""

from pydantic import Field

from recall.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The kit's settings and where commands are passed on to."""

    ingest_url: str = "http://127.0.0.1:8001"
    """Base URL of ingest."""
    invitations_url: str = "http://127.0.0.1:8003"
    """Base URL of invitations."""
    database_connections: int = Field(default=20, ge=2, le=100)
    """Eight consumers hold one each while they fold; the rest answer pages."""
    upload_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)
    """The largest file of patients that is passed on, in bytes; ingest has a limit of its own."""
