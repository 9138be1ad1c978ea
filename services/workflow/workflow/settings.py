"""The settings of workflow, from environment variables."""

from pathlib import Path

from pydantic import Field

from recall.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The kit's settings and two of workflow's own."""

    scenario_file: Path | None = None
    """The scenario of a simulation: `register` maps NHS numbers to alert codes."""
    dispatch_portion: int = Field(default=2000, ge=1, le=20000)
    """Patients of one target dispatched in one transaction, at most."""
