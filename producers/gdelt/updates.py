"""GDELT's stream: every 15 minutes a file, and `lastupdate.txt`, which names the newest.

The listing has a line a table, `<bytes> <MD5> <address>`; the events are in `<YYYYMMDDHHMMSS>.export.CSV.zip`. Source:
GDELT's description of its 2.0 files. What happens: a quarter of an hour is left out now and then, an archive is empty,
or it arrives torn. Files between the last one that was published and the newest are fetched too, from the same folder.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urljoin

from producers.reading.records import KEPT_OF_OVERSIZE, RECORD_LIMIT
from producers.rows import DeadLetter, Position, Row
from producers.watching.positions import State
from producers.watching.watch import Delivery
from producers.watching.watched_address import WatchedAddress
from producers.watching.web import Answer, Later, Missing
from producers.watching.zipped import unzipped
from schemas.errors import BadInput

_LINE: Final = re.compile(r"(\d{1,12}) ([0-9a-f]{32}) \S*/((\d{14})(\.\S{1,40})?\.export\.CSV\.zip)", re.ASCII)
_STAMP: Final = "%Y%m%d%H%M%S"
_STEP: Final = timedelta(minutes=15)
# After a longer absence only the files of this time are fetched; the rest is for `vigil publish gdelt`.
FURTHEST_BACK: Final = timedelta(days=7)
TRIES: Final = 5


class _Listed(NamedTuple):
    """The newest file of events; `tail` is what stands behind the stamp in its name."""

    stamp: str
    tail: str
    md5: str


class GdeltUpdates(WatchedAddress):
    """The files that a `lastupdate.txt` leads to."""

    def _deliveries(self, answer: Answer, state: State) -> Iterator[Delivery]:
        """Yield each file that is newer than the last one published; at first only the newest.

        Raises:
            Later: the listing names no file, or one cannot be had now.
        """
        listed = _listed(answer.body, self.source)
        for stamp in _stamps(state.get("stamp"), listed.stamp):
            newest = stamp == listed.stamp
            done = {"stamp": stamp, "validators": answer.validators if newest else {}}
            name = stamp + listed.tail
            packed = self._packed(name)
            try:
                content = _checked(packed, listed.md5 if newest else None)
            except BadInput as error:
                tries = state.get("tries", 0) + 1
                if tries < TRIES:
                    # What is known of it is kept, so that a torn file holds up no restart for ever.
                    waiting = {"stamp": state.get("stamp") or _before(stamp), "validators": {}, "tries": tries}
                    yield Delivery(name, (), waiting, note=f"{error.reason}; try {tries} of {TRIES}")
                    raise Later(f"{self.source}: {name}: {error.reason}") from error
                state = done
                yield Delivery(name, _given_up(name, packed or b"", error), done, note=f"{error.reason}; given up")
                continue
            note = "the provider left it out" if content is None else "" if content else "it is empty"
            state = done
            rows = self._parse(io.BytesIO(content), name) if content else ()
            yield Delivery(name, rows, done, note=note or None)

    def _packed(self, name: str) -> bytes | None:
        """Return an archive as it stands beside the listing, whatever host that names; None when it is not there."""
        try:
            answer = self._web.get(urljoin(self._url, name))
        except Missing:
            return None
        return b"" if answer is None else answer.body


def _checked(packed: bytes | None, md5: str | None) -> bytes | None:
    """Return what an archive holds, None when an older one (without MD5) was left out.

    Raises:
        BadInput: it is damaged, or the newest one is not there yet.
    """
    if packed is None:
        if md5 is not None:
            raise BadInput("listed, but not there")
        return None
    if md5 is not None and hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
        raise BadInput("its MD5 is not the listed one")
    return unzipped(packed)


def _given_up(name: str, packed: bytes, error: BadInput) -> list[Row]:
    """Return the dead letter of a whole file: its bytes, or their beginning."""
    whole = len(packed) <= RECORD_LIMIT
    sha256 = None if whole else hashlib.sha256(packed).hexdigest()
    raw = packed if whole else packed[:KEPT_OF_OVERSIZE]
    return [DeadLetter(error.reason, error.field, Position(name, 0, 0), raw, len(packed), sha256)]


def _listed(listing: bytes, source: str) -> _Listed:
    match = _LINE.search(listing.decode("ascii", "replace"))
    if match is None:
        raise Later(f"{source}: lists no file of events")
    name, stamp = match[3], match[4]
    return _Listed(stamp, name.removeprefix(stamp), match[2])


def _stamps(last: str | None, newest: str) -> list[str]:
    """Return the stamps after the last one up to the newest, oldest first."""
    if last is None:
        return [newest]
    until = _time(newest)
    time = max(_time(last), until - FURTHEST_BACK)
    stamps = []
    while (time := time + _STEP) <= until:
        stamps.append(time.strftime(_STAMP))
    if last < newest and (not stamps or stamps[-1] != newest):
        stamps.append(newest)
    return stamps


def _before(stamp: str) -> str:
    return (_time(stamp) - _STEP).strftime(_STAMP)


def _time(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise Later(f"{stamp} is no time as YYYYMMDDHHMMSS") from error
