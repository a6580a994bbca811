"""At each start: does the homeserver show people the device that we are?

Rule: with other keys than ours there nobody can write to us and nobody reads us, and nothing would say so later; the
bot does not start then, and the operator is told what to do.
"""

from __future__ import annotations

import logging

from bot.chat import SIGN_IN_ANEW, SignedOutError, UndeliverableError
from bot.matrix.json_access import get_object, get_text
from bot.matrix.safe_client import SafeClient

log = logging.getLogger(__name__)


async def check_own_device(client: SafeClient) -> None:
    """Raises SignedOutError when the homeserver has other keys under our device, or none where ours should be."""
    user_id, device_id = client.user_id, client.device_id
    try:
        answer = await client.line.call(
            "POST", "/_matrix/client/v3/keys/query", {"device_keys": {user_id: [device_id]}}
        )
    except UndeliverableError as refusal:
        log.warning("the homeserver does not say which keys of ours it has: %s", refusal)
        return
    devices = get_object(answer, "device_keys")
    if user_id not in devices:  # not a word about us
        return
    theirs = get_object(devices, user_id, device_id, "keys")
    if not theirs:
        if client.olm.account.shared:
            raise SignedOutError(
                f"the homeserver no longer has the keys of the bot's device {device_id}: nobody can write to it. {SIGN_IN_ANEW}"
            )
        return
    ours = client.olm.account.identity_keys
    if any(get_text(theirs, f"{kind}:{device_id}") != ours[kind] for kind in ("curve25519", "ed25519")):
        raise SignedOutError(
            f"the homeserver has other keys of the bot's device {device_id} than this folder: crypto.db is not the one "
            f"that belongs to it. Put the newest copy of the folder back. Without one: {SIGN_IN_ANEW}"
        )
