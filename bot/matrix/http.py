"""The line to the homeserver: one request, one answer, and every failure said in one of three words.

Rules: a request is tried once and never sleeps (who calls decides when to try again); an answer without a Matrix
error code comes from something in front of the homeserver, so it says nothing about the message: TryLater.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import aiohttp

from bot.chat import SIGN_IN_ANEW, Refusal, SignedOutError, TryLaterError, UndeliverableError
from bot.matrix.json_access import Json, decoded, get_number, get_object, get_text

REQUEST_SECONDS = 60.0
CONNECT_SECONDS = 10.0
TRANSFER_SECONDS = 600.0

_ERRCODE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")
_NO_LONGER_OURS = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED"})
_THE_OPERATORS_TO_MEND = frozenset(
    {"M_RESOURCE_LIMIT_EXCEEDED", "M_CONSENT_NOT_GIVEN", "M_USER_SUSPENDED", "M_LIMIT_EXCEEDED"}
)


class RefusedError(UndeliverableError):
    """The homeserver understood the request and said no. `status` is HTTP's, `errcode` Matrix's."""

    def __init__(self, status: int, body: Json) -> None:
        self.status = status
        self.errcode = get_text(body, "errcode")
        self.body = body
        too_large = status == 413 or self.errcode == "M_TOO_LARGE"
        super().__init__(
            _named(status, self.errcode),
            Refusal.TOO_LARGE if too_large else Refusal.MALFORMED if status == 400 else Refusal.OTHER,
        )

    @property
    def explained(self) -> str:
        """With the server's own words, which may repeat what we sent: for requests without anybody's words in them."""
        return f"{self} {get_text(self.body, 'error')[:200]}".strip()


def _named(status: int, errcode: str) -> str:
    """A refusal in the log. What is no error code is somebody's text, and left out."""
    return f"{status} {errcode}" if _ERRCODE.fullmatch(errcode) else str(status)


def failure(
    status: int, body: object, headers: Mapping[str, str]
) -> TryLaterError | SignedOutError | RefusedError:
    """What an answer other than 2xx means."""
    errcode = get_text(body, "errcode")
    if status == 429 or errcode in _THE_OPERATORS_TO_MEND:
        return TryLaterError(_named(status, errcode), _wish(body, headers))
    if errcode in _NO_LONGER_OURS:
        return SignedOutError(
            f"the homeserver refuses the bot's access token ({errcode}). {_remedy(errcode)}"
        )
    if status == 413:
        return RefusedError(status, get_object(body))
    if status >= 500 or status in (408, 425) or not (errcode or get_object(body).get("flows")):
        return TryLaterError(_named(status, errcode), _wish(body, headers))
    return RefusedError(status, get_object(body))


def _remedy(errcode: str) -> str:
    if errcode in ("M_USER_DEACTIVATED", "M_USER_LOCKED"):
        return "The account is closed: ask those who run the homeserver to open it, then start again."
    return SIGN_IN_ANEW


def _wish(body: object, headers: Mapping[str, str]) -> float | None:
    """How many seconds the server wants us to wait, from its body or its header."""
    milliseconds = get_number(body, "retry_after_ms")
    if milliseconds > 0:
        return milliseconds / 1000
    seconds = headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdecimal() else None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    data: bytes | None = None
    content_type: str = ""
    query: Mapping[str, str] | None = None
    seconds: float = REQUEST_SECONDS  # until it is given up


class HomeserverClient:
    """An open line to the homeserver at `url`. `token` is empty until signed in."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self.token = token
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        """Ask for JSON with JSON. A `timeout` in the query (milliseconds) lengthens our own patience by as much."""
        data = (
            None
            if body is None
            else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        )
        seconds = REQUEST_SECONDS + (int(query.get("timeout", "0")) / 1000 if query else 0.0)
        request = _Request(method, path, data, "application/json" if data else "", query, seconds)
        found = decoded(await self._answered(request, aiohttp.ClientResponse.read))
        if not isinstance(found, dict):
            raise TryLaterError(f"{method} {path}: an answer that is no JSON object")
        return found

    async def put_file(self, data: bytes, mimetype: str, name: str) -> str:
        """Upload; returns the mxc:// address."""
        query = {"filename": name} if name else {}
        request = _Request("POST", "/_matrix/media/v3/upload", data, mimetype, query, TRANSFER_SECONDS)
        answer = await self._answered(request, aiohttp.ClientResponse.read)
        return named(get_object(decoded(answer)), "content_uri", request.path)

    async def get_file(self, path: str, limit: int) -> bytes:
        """Download at most `limit` bytes; Undeliverable as soon as it is clear that there are more."""
        request = _Request("GET", path, seconds=TRANSFER_SECONDS)
        return await self._answered(request, partial(_at_most, limit))

    async def _answered(
        self, ask: _Request, read: Callable[[aiohttp.ClientResponse], Awaitable[bytes]]
    ) -> bytes:
        """The body of a 2xx answer, as `read` takes it."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if ask.content_type:
            headers["Content-Type"] = ask.content_type
        sent = self._session.request(
            ask.method,
            self.url + ask.path,
            data=ask.data,
            headers=headers,
            params=ask.query,
            timeout=_patience(ask.seconds),
        )
        try:
            async with sent as answer:
                if not 200 <= answer.status < 300:
                    raise failure(answer.status, decoded(await answer.read()), answer.headers)
                return await read(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as trouble:
            raise TryLaterError(f"{ask.method} {ask.path}: {_kind(trouble)}") from trouble


def _kind(trouble: BaseException) -> str:
    """aiohttp's words may hold addresses with file names, and pieces of the answer; the system's are only the system's."""
    why = trouble.strerror if isinstance(trouble, OSError) else None
    return f"{type(trouble).__name__} {why or ''}".rstrip()


async def _at_most(limit: int, answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > limit:
        why = f"a file of {answer.content_length} bytes; the limit is {limit}"
        raise UndeliverableError(why, Refusal.TOO_LARGE)
    found = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        found += chunk
        if len(found) > limit:
            raise UndeliverableError(f"a file of more than {limit} bytes", Refusal.TOO_LARGE)
    return bytes(found)


@cache
def _patience(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)


def named(answer: Json, name: str, asked: str) -> str:
    """The id that an answer must hold. One without it (`{}` from something in front of the homeserver) is no answer."""
    found = get_text(answer, name)
    if not found:
        raise TryLaterError(f"{asked}: an answer without {name}")
    return found
