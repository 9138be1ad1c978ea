"""What the author of a channel plugin imports; docs/plugins.md shows how.

A plugin reads `invitations-<channel>` and says on `channel-reports` what happened.
"""

from recall.channel.messages import Message, Reference, Withdrawal
from recall.channel.plugin import Plugin, PluginSettings
from recall.channel.reports import Report, delivered, failed, posted, replied, sending
from recall.contracts.events import Destination, OfferedSlot

__all__ = [
    "Destination",
    "Message",
    "OfferedSlot",
    "Plugin",
    "PluginSettings",
    "Reference",
    "Report",
    "Withdrawal",
    "delivered",
    "failed",
    "posted",
    "replied",
    "sending",
]
