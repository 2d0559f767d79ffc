"""The sources that a reader can open, of the events that alerts rest on.

An alert names a cause by id and content. What an assertion of that content links to never changes, so a message that
is written again later, after a correction, has the same links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import orjson

from eventlog.reading import LogReader
from eventlog.record import Record
from schemas.topics import TIMELINE

CONTENT_DIGITS: Final = 12
_HAS_LINKS: Final = b'"links":['
# Of RFC 3986: what may stand in an address, without brackets, which may only hold numeric hosts.
_ALLOWED: Final = ":/?#@!$&'()*+,;=%-._~"
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9._~%-]+(:[0-9]{1,5})?([/?#][^#]*(#[^#]*)?)?")


class Link(NamedTuple):
    """An address that is a URI, and what it is called."""

    address: str
    title: str | None


Links = Mapping[tuple[str, str], tuple[Link, ...]]
"""The links of a cause, by its id and the first 12 digits of its content."""


class CauseLinks:
    """The links of every accepted assertion, as far as the timeline was read. Use it as an async context manager."""

    def __init__(self, bootstrap: str, *, topic_prefix: str = "") -> None:
        self._topic = topic_prefix + TIMELINE
        self._reader = LogReader(bootstrap)
        self._links: dict[tuple[str, str], tuple[Link, ...]] = {}

    async def __aenter__(self) -> Self:
        """Raises: Failed when no broker answers, or it has no timeline."""
        await self._reader.__aenter__()
        await self._reader.assign([self._topic])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._reader.__aexit__(kind, error, traceback)

    async def read(self) -> Links:
        """Read on to the timeline's present end and return all links up to there."""
        async for batch in self._reader.read_to_end():
            self._links.update(links_of(batch))
        return self._links


def links_of(records: list[Record]) -> dict[tuple[str, str], tuple[Link, ...]]:
    """Return the links of these records of the timeline; most records have none."""
    found = {}
    for record in records:
        if record.value is not None and _HAS_LINKS in record.value:
            document = orjson.loads(record.value)
            content = dict(record.headers)["vigil_content"].decode()
            found[document["id"], content[:CONTENT_DIGITS]] = links_in(document)
    return found


def links_in(document: Mapping[str, Any]) -> tuple[Link, ...]:
    """Return the links of an event that are addresses."""
    links = [(address_of(each["url"]), each.get("title")) for each in document.get("links", ())]
    return tuple(Link(address, title) for address, title in links if address is not None)


def address_of(url: str) -> str | None:
    """Return the URL as a URI, what may not stand in one escaped; None if it is no address of the web."""
    escaped = _BARE_PERCENT.sub("%25", quote(url.strip(), safe=_ALLOWED))
    return escaped if _ADDRESS.fullmatch(escaped) else None
