"""Clients of streams for tests, of plain sockets: what a server sends is read by other code than ours or a library's.

Server-sent events over HTTP/1.1 in chunks; an event is there when its blank line is, as the specification says.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Event:
    """A block of a stream; without data it is no event for a browser, but its id counts."""

    id: str | None = None
    name: str = "message"
    data: str | None = None
    comments: list[str] = field(default_factory=list)
    retry: int | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.data or "null")


class Blocks:
    """Cuts bytes that come in any pieces into blocks."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, said: bytes) -> Iterator[Event]:
        *whole, self._rest = (self._rest + said).split(b"\n\n")
        for block in whole:
            yield _event(block)


def _event(block: bytes) -> Event:
    event = Event()
    for line in block.decode().split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "":
            event.comments.append(value)
        elif name == "id":
            event.id = value
        elif name == "event":
            event.name = value
        elif name == "data":
            event.data = value if event.data is None else f"{event.data}\n{value}"
        elif name == "retry":
            event.retry = int(value)
        else:
            raise AssertionError(f"no field of an event: {line!r}")
    return event


class Chunks:
    """Takes the body out of chunks that come in any pieces; `ended` after the last one."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def feed(self, said: bytes) -> bytes:
        self._rest += said
        body = []
        while b"\r\n" in self._rest and not self.ended:
            size_text, _, after = self._rest.partition(b"\r\n")
            size = int(size_text, 16)
            if len(after) < size + 2:
                break
            assert after[size : size + 2] == b"\r\n"
            body.append(after[:size])
            self._rest = after[size + 2 :]
            self.ended = size == 0
        return b"".join(body)


class Answer(Exception):
    """An answer that is no stream."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(status, body)
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(url: str, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", "Accept: text/event-stream"]
    return "\r\n".join([*lines, *(f"{name}: {said}" for name, said in headers.items()), "", ""]).encode()


class Stream(asyncio.Protocol):
    """A connection to a stream; `heard` is called with each block as soon as it is whole."""

    def __init__(self, url: str, heard: Callable[[Event], None], headers: dict[str, str]) -> None:
        loop = asyncio.get_running_loop()
        self._asked = request(url, headers)
        self._heard = heard
        self._head = b""
        self.answered: asyncio.Future[int] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._chunks, self._blocks = Chunks(), Blocks()
        self.status, self.headers, self.body = 0, dict[str, str](), b""
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        if not self.status:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            first, *rest = head.decode().split("\r\n")
            self.headers = {name.lower(): said for name, _, said in (line.partition(": ") for line in rest)}
            self.status = int(first.split()[1])
            if self.status == 200 and not self.answered.done():
                self.answered.set_result(200)
        if self.status != 200:
            self.body += data
            if len(self.body) >= int(self.headers.get("content-length", 0)) and not self.answered.done():
                self.answered.set_exception(Answer(self.status, self.headers, self.body))
            return
        for event in self._blocks.feed(self._chunks.feed(data)):
            self._heard(event)
        if self._chunks.ended:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_exception(ConnectionResetError())
        if not self.closed.done():
            self.closed.set_result(None)


async def connect(
    url: str, heard: Callable[[Event], None], *, last_id: str | None = None, headers: dict[str, str] | None = None
) -> Stream:
    """Raises: Answer when the server answers with something else than a stream, OSError when it does not."""
    said = {"Last-Event-ID": last_id} if last_id else {}
    parts = urlsplit(url)
    _, stream = await asyncio.get_running_loop().create_connection(
        lambda: Stream(url, heard, said | (headers or {})), parts.hostname or "", parts.port or 80
    )
    try:
        await stream.answered
    except BaseException:
        stream.transport.abort()
        raise
    return stream


@contextlib.asynccontextmanager
async def stream(
    url: str, *, last_id: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[asyncio.Queue[Event | None]]:
    """The blocks of a stream as they come; None when it has ended."""
    blocks = asyncio.Queue[Event | None]()
    connection = await connect(url, blocks.put_nowait, last_id=last_id, headers=headers)
    connection.closed.add_done_callback(lambda _: blocks.put_nowait(None))
    try:
        yield blocks
    finally:
        connection.transport.abort()
