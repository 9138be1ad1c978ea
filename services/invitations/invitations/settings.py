"""The settings of invitations."""

from pathlib import Path

from recall.kit.settings import Key, ServiceSettings


class Settings(ServiceSettings):
    """What invitations needs to know beside what every service does."""

    simulated_channels: str = "sms,sms-link,letter"
    """The channels this service simulates, by comma; others are left to plugins."""
    scenario_file: Path | None = None
    """Scripts and odds for simulated patients."""
    seed: int = 0
    """The seed of simulated odds."""
    booking_url: str = "http://127.0.0.1:8003"
    """The public address of the patients' pages."""
    link_key: Key
    """The key from which links and the codes of letters are derived, in hexadecimal, 16 bytes or
    more.  Whoever has it can make anybody's link."""
    practices_file: Path | None = None
    """What practices are called and how to reach them, by their codes; the others are made up."""

    @property
    def simulated(self) -> frozenset[str]:
        """The simulated channels."""
        return frozenset(name for name in self.simulated_channels.split(",") if name)
