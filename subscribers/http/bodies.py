"""Bodies of requests, received within bounds before a route sees them; and an answer to every request in time.

Rules kept here:
- A body that is too large is refused by what it declares, or as soon as more has come: it is never received whole.
- The time for a body is that of all of it, so that one byte a second gains nothing.
- All bodies on their way together have a bound, and each address a quarter of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subscribers.http.callers import STREAMS
from subscribers.http.limits import SAFE, Limits, address_of
from subscribers.http.problems import KINDS, Problem, unavailable

_SHARE: Final = 4


class Bodies:
    """A middleware that receives the body of what may change something, and passes it on in one piece."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on with its body."""
        if scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        hold = _Hold(self._held, address_of(scope), self._limits.bodies_bytes)
        try:
            body = await self._received(scope, receive, hold)
            if body is not None:
                await self._app(scope, _replayed(body, receive), send)
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)
        finally:
            hold.release()

    async def _received(self, scope: Scope, receive: Receive, hold: _Hold) -> bytes | None:
        """Return the body; None when the client has gone."""
        self._check(_declared(scope))
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._pieces(receive, hold)
        except TimeoutError as error:
            detail = f"the body did not come within {self._limits.body_seconds:g} s"
            raise Problem(408, "Too slow", detail, kind=KINDS[408], headers={"Connection": "close"}) from error

    async def _pieces(self, receive: Receive, hold: _Hold) -> bytes | None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            self._check(len(body) + len(piece))
            hold.take(len(piece))
            body += piece
            more = message.get("more_body", False)
        return bytes(body)

    def _check(self, length: int) -> None:
        most = self._limits.body_bytes
        if length > most:
            detail = f"expected a body of at most {most} bytes; send it in several parts"
            raise Problem(413, "Too large", detail, kind=KINDS[413], headers={"Connection": "close"})


class Answers:
    """A middleware: a request that is not answered in time is told so (503). Streams are not waited for."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._seconds = app, limits.answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer it if nobody does."""
        if scope["path"].startswith(STREAMS):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        # A task of its own: a route that waits for the database in a thread cannot be interrupted.
        work = asyncio.ensure_future(self._app(scope, receive, answer.send))
        begun = asyncio.ensure_future(answer.begun.wait())
        try:
            await asyncio.wait((work, begun), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done() or begun.done():
                await work
            else:
                answer.over = True
                problem = unavailable(f"there was no answer within {self._seconds:g} s; ask for less at once")
                await problem.response(scope["path"])(scope, receive, send)
        finally:
            begun.cancel()
            work.cancel()


class _Answer:
    """Passes an answer on, unless it comes too late."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = asyncio.Event()
        self.over = False

    async def send(self, message: Message) -> None:
        if not self.over:
            self.begun.set()
            await self._send(message)


class _Hold:
    """The bytes of one body while they are held."""

    def __init__(self, held: Counter[str], address: str, most: int) -> None:
        self._held, self._address, self._most = held, address, most
        self._bytes = 0

    def take(self, count: int) -> None:
        """Raises: Problem when too much is held already."""
        if self._held.total() + count > self._most or self._held[self._address] + count > self._most // _SHARE:
            raise unavailable("too many bodies are on their way; send it again in a moment")
        self._held[self._address] += count
        self._bytes += count

    def release(self) -> None:
        self._held[self._address] -= self._bytes
        if not self._held[self._address]:
            del self._held[self._address]


def _declared(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in lengths if value.isdigit()), default=0)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
