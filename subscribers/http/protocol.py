"""HTTP connections that cost the others nothing: a subclass of uvicorn's protocol that bounds what one may hold.

Rules kept here:
- The head of a request has a time and a size, from its first byte (or from the connection) to its last: slow-loris
  gains nothing by sending a byte now and then.
- Connections are counted, all of them and those of one address; one too many is told so and closed.
- Who takes nothing of what is written for a while is cut off; nothing is put aside for them without bound.
- What is left of a body that was refused is thrown away for a moment, so that the answer arrives, and no longer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from subscribers.http.limits import Limits, origin_of
from subscribers.http.problems import KINDS, Problem, unavailable

# How long what was written last may still take to arrive before a connection is torn down.
GRACE_SECONDS: Final = 5.0
_PHRASES: Final = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


def guarded_protocol(limits: Limits) -> type[GuardedProtocol]:
    """Return the protocol of one server, with the counts of its connections."""
    return type("LimitedProtocol", (GuardedProtocol,), {"limits": limits, "addresses": Counter()})


class HeadTooLarge(ValueError):
    """The head of a request is larger than the service takes."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    limits: ClassVar[Limits]
    addresses: ClassVar[Counter[str]]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._origin: str | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._slow_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._cycles: list[RequestResponseCycle] = []
        self._head_bytes = self._head_size = self._left_bytes = 0
        self._receiving = self._over = self._oversized = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection in, or refuse it."""
        super().connection_made(transport)
        origin = origin_of(self.client[0] if self.client else None)
        if len(self.connections) > self.limits.connections:
            self._refuse(unavailable("too many connections are open; come again in a moment"))
        elif self.addresses[origin] >= self.limits.connections_per_address:
            self._refuse(unavailable("too many connections are open from this address; close some"))
        else:
            self._origin = origin
            self.addresses[origin] += 1
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        for timer in (self._head_timer, self._slow_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        if self._origin is not None:
            self.addresses[self._origin] -= 1
            if not self.addresses[self._origin]:
                del self.addresses[self._origin]
        self._give_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, unless the connection is over."""
        if self._over:
            return
        if not self._receiving and self._head_timer is None:
            self._await_head()
        if not self._receiving:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._receiving and self._head_bytes > self.limits.head_bytes and not self._over:
            self._oversized = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address in."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header in."""
        self._grow(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the body."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._receiving, self._head_bytes = True, 0
        super().on_headers_complete()
        self._cycles = [each for each in self._cycles if not each.response_complete]
        self._cycles.append(self.cycle)
        self.cycle.scope["vigil.farewell"] = partial(self._farewell, self.cycle)  # type: ignore[typeddict-unknown-key]

    def on_body(self, body: bytes) -> None:
        """Take a part of the body in, or throw it away when the request is answered already."""
        if self.cycle.response_complete:
            self._left_bytes += len(body)
            if self._left_bytes > self.limits.body_bytes:
                self._end()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request; the answer may be yet to come."""
        self._receiving, self._left_bytes = False, 0
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End the answer; what is left of the body has a moment to come."""
        super().on_response_complete()
        if self._receiving and self._linger_timer is None:
            self._linger_timer = self.loop.call_later(self.limits.linger_seconds, self._end)

    def pause_writing(self) -> None:
        """Wait for the client to take what was written, for a while."""
        super().pause_writing()
        if self._slow_timer is None:
            self._slow_timer = self.loop.call_later(self.limits.slow_seconds, self._cut_off)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        if self._slow_timer is not None:
            self._slow_timer.cancel()
            self._slow_timer = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the shape of uvicorn's
        """Refuse what is no request; uvicorn calls it for whatever its parser refuses."""
        if self._oversized:
            detail = f"the head of a request may have {self.limits.head_bytes} bytes"
            self._refuse(Problem(431, "Head too large", detail, kind="head-too-large"))
        else:
            self._refuse(Problem(400, "Bad request", "this is no HTTP/1.1 request", kind=KINDS[400]))

    def _farewell(self, cycle: RequestResponseCycle, last: bytes) -> None:
        """Write this as the last of a body of unknown length, and end the connection, whether it arrives or not.

        What answers a request finds it in its scope, as `vigil.farewell`.
        """
        if self.transport.is_closing():
            return
        if cycle.chunked_encoding and not cycle.response_complete:
            self.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))
        self._give_up()
        self.transport.close()
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_late)

    def _head_late(self) -> None:
        detail = f"the head of the request did not come within {self.limits.head_seconds:g} s"
        self._refuse(Problem(408, "Too slow", detail, kind=KINDS[408]))

    def _grow(self, count: int) -> None:
        self._head_size += count
        if self._head_size > self.limits.head_bytes:
            self._oversized = True
            raise HeadTooLarge

    def _cut_off(self) -> None:
        self._give_up()
        self.transport.abort()

    def _give_up(self) -> None:
        """Let whoever writes to this connection, or waits for it, know that it is over."""
        self._over = True
        # All of them: uvicorn itself tells only the last one of several requests that were sent at once.
        for cycle in self._cycles:
            if not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.flow.resume_writing()

    def _end(self) -> None:
        self._over = True
        self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem and close; without an answer where another one is on its way."""
        if not self._over and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(_raw(problem))
            self._end_when_read()
        else:
            self._end()

    def _end_when_read(self) -> None:
        """Close once the client has, or after a moment: closed over bytes that it still sends, the answer is lost."""
        if not self.transport.can_write_eof():
            self._end()
            return
        self._over = True
        self.transport.write_eof()
        if self._linger_timer is None:
            self._linger_timer = self.loop.call_later(self.limits.linger_seconds, self.transport.close)


def _raw(problem: Problem) -> bytes:
    """Return an answer as it goes over the wire."""
    response = problem.response("/")
    phrase = _PHRASES.get(problem.status, b"Service Unavailable")
    headers = b"".join(b"%b: %b\r\n" % pair for pair in response.raw_headers)
    return b"HTTP/1.1 %d %b\r\n%bconnection: close\r\n\r\n%b" % (problem.status, phrase, headers, bytes(response.body))
