"""The feeds that Vigil reads, and the files of one feed as one stream of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from producers import cline_coups, own_events, un_fatalities
from producers.acled import exports as acled
from producers.council import unsc
from producers.gdelt import exports as gdelt
from producers.reading.sources import STANDARD_INPUT, Source, opened
from producers.recognise import ACLED, COUNCIL, COUPS, FATALITIES, GDELT, OWN, UCDP, require
from producers.rows import Parse, Row
from producers.ucdp import ged

FEEDS: Final[Mapping[str, Parse]] = {
    UCDP: ged.parse,
    FATALITIES: un_fatalities.parse,
    COUNCIL: unsc.parse,
    COUPS: cline_coups.parse,
    GDELT: gdelt.parse,
    ACLED: acled.parse,
    OWN: own_events.parse,
}


class Files:
    """Files that are opened one after the other; `-` is standard input."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._finished_bytes = 0
        self._current: BinaryIO | None = None

    def __iter__(self) -> Iterator[tuple[BinaryIO, str]]:
        """Yield each opened file with its name. Raises: Failed when one cannot be read."""
        for name in self.names:
            with opened(name) as stream:
                self._current = stream if _is_regular(name) else None
                yield stream, name
                self._finished_bytes += self._position()
                self._current = None

    @property
    def total_bytes(self) -> int | None:
        """Size of all of them as they are on disk; None when one is a pipe."""
        if not all(map(_is_regular, self.names)):
            return None
        return sum(Path(name).stat().st_size for name in self.names)

    @property
    def read_bytes(self) -> int:
        """How much of them was read."""
        return self._finished_bytes + self._position()

    def _position(self) -> int:
        return self._current.tell() if self._current is not None and not self._current.closed else 0


def check_files(feed: str, names: Sequence[str]) -> None:
    """Look at the beginning of each file, so that nothing is published when a later one is of another feed.

    Pipes can be looked at only once, by what reads them.

    Raises:
        Failed: a file cannot be read, or is not of this feed.
    """
    pipes = [name for name in names if name == STANDARD_INPUT or Path(name).is_fifo()]
    for stream, name in Files([name for name in names if name not in pipes]):
        require(Source(stream, name), feed)


def read_files(feed: str, files: Files, *, every_row: bool = False) -> Iterator[Row]:
    """Yield the rows of all files in order; entries of one resolution are merged across them.

    With `every_row` no row of GDELT is left out for what it tells of; the other feeds leave out none.

    Raises:
        Failed: a file cannot be read, or is not of this feed.
    """
    if feed == COUNCIL:
        yield from unsc.parse_together(files)
        return
    for stream, name in files:
        yield from (
            gdelt.parse(stream, name, every_row=True) if every_row and feed == GDELT else FEEDS[feed](stream, name)
        )


def _is_regular(name: str) -> bool:
    return name != STANDARD_INPUT and Path(name).is_file()
