"""What the bot uses of matrix-nio beyond its public face. A failure here names what an update of the library changed."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import nio
import pytest
import vodozemac
from nio.api import Api
from nio.crypto import InboundGroupSession, Olm, OutboundGroupSession
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.crypto.memorystores import GroupSessionStore
from nio.store import SqliteStore

from bot.matrix.crypto_store import CryptoStore
from bot.matrix.safe_client import SafeClient
from tests.support.matrix_rooms import offline_client

PARAMETERS: dict[Callable[..., object], list[str]] = {
    Olm.__init__: ["self", "user_id", "device_id", "store"],
    Olm.create_group_session: ["self", "sender_key", "sender_fp_key", "room_id", "session_id", "session_key"],
    Olm.handle_to_device_event: ["self", "event"],
    Olm.handle_response: ["self", "response"],
    Olm.get_missing_sessions: ["self", "users"],
    Olm.share_group_session_parallel: ["self", "room_id", "users", "ignore_unverified_devices"],
    Olm.should_share_group_session: ["self", "room_id"],
    Olm.sign_json: ["self", "json_dict"],
    Olm.share_keys: ["self"],
    Olm.save_account: ["self", "account"],
    Olm._mark_device_for_unwedging: ["self", "sender", "sender_key"],
    nio.Client.__init__: ["self", "user", "device_id", "store_path", "config"],
    nio.Client.restore_login: ["self", "user_id", "device_id", "access_token"],
    nio.Client.receive_response: ["self", "response"],
    InboundGroupSession.__init__: [
        "self", "session_key", "signing_key", "sender_key", "room_id", "forwarding_chain", "session",
    ],
    nio.MatrixRoom.__init__: ["self", "room_id", "own_user_id", "encrypted"],
    nio.MatrixRoom.add_member: ["self", "user_id", "display_name", "avatar_url", "invited"],
    nio.MatrixRoom.remove_member: ["self", "user_id"],
    Api.to_canonical_json: ["content_dict"],
    decrypt_attachment: ["ciphertext", "key", "hash", "iv"],
    encrypt_attachment: ["plaintext"],
}  # fmt: skip


@pytest.mark.parametrize("function", PARAMETERS, ids=lambda f: f.__qualname__)
def test_nio_still_takes(function: Callable[..., object]) -> None:
    assert list(inspect.signature(function).parameters) == PARAMETERS[function], (
        f"matrix-nio changed the parameters of {function.__qualname__}: bot/matrix calls it"
    )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (nio.OlmEvent, ["source", "sender", "sender_key", "ciphertext", "transaction_id"]),
        (nio.RoomKeyEvent, ["source", "sender", "sender_key", "room_id", "session_id", "algorithm"]),
        (nio.KeysQueryResponse, ["device_keys", "failures", "changed"]),
        (nio.KeysClaimResponse, ["one_time_keys", "failures", "room_id"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_nios_values_still_have(kind: type, fields: list[str]) -> None:
    names = [field.name for field in dataclasses.fields(kind)]
    assert names[-len(fields) :] == fields, f"matrix-nio changed {kind.__name__}: bot/matrix makes it by hand"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SafeClient]:
    client = offline_client(tmp_path)
    yield client
    client.store.database.close()


def test_the_machine_still_holds_what_we_read_and_write(client: SafeClient) -> None:
    olm = client.olm
    for name in (
        "account",
        "uploaded_key_count",
        "users_for_key_query",
        "tracked_users",
        "device_store",
        "inbound_group_store",
        "outbound_group_sessions",
        "message_index_store",
        "wedged_devices",
        "outgoing_to_device_messages",
        "_algorithms",
    ):
        assert hasattr(olm, name), f"matrix-nio's Olm lost {name}: bot/matrix reads it"
    assert isinstance(olm.users_for_key_query, set)
    assert isinstance(olm.tracked_users, set)
    assert isinstance(olm.inbound_group_store, GroupSessionStore)
    assert isinstance(olm.account._account, vodozemac.Account), (
        "the fallback key is made with nio's inner account"
    )
    for name in ("shared", "users_shared_with", "users_ignored", "id", "encrypt"):
        assert hasattr(OutboundGroupSession(), name), f"matrix-nio's OutboundGroupSession lost {name}"


def test_the_store_still_opens_its_file_where_we_change_how(client: SafeClient) -> None:
    database = client.store.database
    assert isinstance(client.store, CryptoStore)
    assert "_create_database" in vars(CryptoStore)
    assert hasattr(SqliteStore, "_create_database"), (
        "matrix-nio opens its file elsewhere: CryptoStore changes nothing"
    )
    assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
    assert client.olm.store is client.store


def test_the_version_is_the_one_that_was_read() -> None:
    version = importlib.metadata.version("matrix-nio")
    assert version.startswith("0.26."), (
        f"matrix-nio is {version}: read its changes, then move the pin and this test"
    )
