"""What people see the bot called: the name the operator wants is put on its account, and every name is known as one by
which people call us.
"""

from __future__ import annotations

from urllib.parse import quote

from bot.matrix.http import RefusedError
from bot.matrix.json_access import get_text
from bot.matrix.safe_client import SafeClient


async def take_name(client: SafeClient, wanted: str) -> None:
    """Be called as wanted (empty: as the account is), and know it. Raises TryLaterError, UndeliverableError, SignedOutError."""
    path = f"/_matrix/client/v3/profile/{quote(client.user_id)}/displayname"
    client.names |= {wanted} if wanted else set()
    try:
        shown = get_text(await client.line.call("GET", path), "displayname")
    except RefusedError as refusal:
        if refusal.status != 404:
            raise
        shown = ""
    client.names |= {shown} if shown else set()
    if wanted and shown != wanted:
        await client.line.call("PUT", path, {"displayname": wanted})
