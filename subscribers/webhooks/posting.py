"""One try: a signed POST by the Standard Webhooks specification, and what came back of it.

What an endpoint can do to us is bounded: 5 s to connect, 15 s in all, so many bytes of its answer; a redirect is not
followed (it would lead where nobody sent us), no cookie is kept, nothing is unpacked, and certificates are checked.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import aiohttp
from standardwebhooks import Webhook

from subscribers.webhooks.endpoints import Endpoint
from subscribers.webhooks.retries import Outcome, wish_seconds

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 15.0
ANSWER_BYTES: Final = 4096
_SHOWN: Final = 200
# Shorter than what servers keep: a request on a connection that is just being closed fails.
_KEEP_SECONDS: Final = 4.0


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Give what requests are sent through; each endpoint has at most one on its way, so their number needs no limit."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=WHOLE_SECONDS, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS),
        auto_decompress=False,
        headers={"User-Agent": "vigil", "Accept-Encoding": "identity"},
    )
    async with session:
        yield session


def signed_headers(secret: str, message_id: str, body: bytes, *, now: int) -> dict[str, str]:
    """Return the headers of a try at this time (microseconds since 1970)."""
    when = datetime.fromtimestamp(now // 1_000_000, UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now // 1_000_000),
        "webhook-signature": Webhook(secret).sign(message_id, when, body.decode()),
    }


async def post(
    session: aiohttp.ClientSession, endpoint: Endpoint, message_id: str, body: bytes, *, now: int
) -> Outcome:
    """Send a message once and return what came back; whatever an endpoint does is an outcome, and no error of ours."""
    headers = signed_headers(endpoint.secret, message_id, body, now=now)
    try:
        async with session.post(endpoint.url, data=body, headers=headers, allow_redirects=False) as response:
            wish = wish_seconds(response.headers.get("Retry-After"), now)
            answer = await _beginning(response)
            return Outcome(status=response.status, answer=answer, wish_seconds=wish)
    except TimeoutError:
        return Outcome(error=f"no answer in time ({CONNECT_SECONDS:g} s to connect, {WHOLE_SECONDS:g} s in all)")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # ValueError: an address that no resolver takes.
        return Outcome(error=_told(error)[:_SHOWN])


def _told(error: Exception) -> str:
    """Return in words what went wrong."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no host {error.host} is known"
    if type(error) is aiohttp.ClientConnectorError:
        said = os.strerror(error.errno) if error.errno else str(error.os_error) or "it was closed"
        return f"no connection to {error.host}:{error.port}: {said.lower()}"
    return f"{type(error).__name__}: {error}"


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """Return the beginning of an answer. The status stands whatever follows it, so trouble from here on is none."""
    found = b""
    try:
        while len(found) <= ANSWER_BYTES and (piece := await response.content.read(ANSWER_BYTES)):
            found += piece
        if len(found) > ANSWER_BYTES:
            response.close()  # the rest is not read: this connection is of no further use
    except (TimeoutError, aiohttp.ClientError, OSError):
        response.close()
    return found[:_SHOWN].decode(errors="replace")
