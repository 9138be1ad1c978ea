"""Finding the invitation that a link or a code opens: by a number, then by the whole of it."""

import hmac

from invitations.channels import Channels
from invitations.codes import code_behind, opening_of
from invitations.store import links
from recall.kit.postgres import Connection


async def behind_link(connection: Connection, channels: Channels, token: str) -> str | None:
    """The id of the invitation that a link's token was made for."""
    found = await links.find_openings(connection, opening_of(code_behind(token)))
    given = token.encode()
    meant = (n for n in found if hmac.compare_digest(channels.token_of(n).encode(), given))
    return next(meant, None)


async def behind_code(connection: Connection, channels: Channels, code: str) -> str | None:
    """The id of the invitation that a code was made for."""
    found = await links.find_openings(connection, opening_of(code))
    return next((name for name in found if channels.code_of(name) == code), None)
