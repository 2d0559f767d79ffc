"""Server-sent events as bytes (WHATWG HTML, section "Server-sent events"), each ending with a blank line.

JSON of orjson holds no line break, so that one line of data is enough.
"""

from __future__ import annotations


def event(name: str, data: bytes) -> bytes:
    """Return an event; an `id_line` may stand before it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def id_line(position: str) -> bytes:
    """Return the line that makes this the client's last event id."""
    return b"id: %b\n" % position.encode()


def opening(position: str, *, retry_ms: int) -> bytes:
    """Return what a stream begins with: where it begins, and how long to wait before coming again."""
    return b"retry: %d\n: the stream begins\n%b\n" % (retry_ms, id_line(position))


def heartbeat(position: str, said: str) -> bytes:
    """Return a comment with the position up to which there is nothing more for this client; it is no event."""
    return b": %b\n%b\n" % (said.encode(), id_line(position))


def comment(said: str) -> bytes:
    """Return a comment."""
    return b": %b\n\n" % said.encode()
