"""An archive: lines as `vigil publish --as-jsonl` prints them, plain, compressed, or from standard input."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.errors import BadInput, Failed
from schemas.event import parse_event
from timeline.identity import Assertion, assertion

SHOWN = 5
_DEAD_LETTER = b'{"dead_letter"'


@dataclass(slots=True)
class Reading:
    """What became of the lines that were read."""

    events: int = 0
    dead_letters: int = 0
    refused: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.events} events, {self.dead_letters} dead letters skipped, {self.refused} lines refused"


def read_archive(files: tuple[str, ...], reading: Reading, *, tell: Callable[[str], None]) -> Iterator[Assertion]:
    """Yield the assertions of these files (`-` is standard input); counts in `reading`, tells the first bad lines.

    Raises:
        Failed: a file cannot be read.
    """
    for name in files:
        try:
            with _opened(name) as lines:
                yield from _assertions(name, lines, reading, tell)
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Failed(f"{name} cannot be read: {reason}") from error


def _assertions(name: str, lines: BinaryIO, reading: Reading, tell: Callable[[str], None]) -> Iterator[Assertion]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.startswith(_DEAD_LETTER):
            reading.dead_letters += 1
            continue
        try:
            statement = assertion(parse_event(line))
        except BadInput as error:
            reading.refused += 1
            if reading.refused <= SHOWN:
                tell(f"{name} line {number} is no event and is left out: {error}")
            continue
        reading.events += 1
        yield statement


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    stream = Path(name).open("rb")  # noqa: SIM115 - the caller closes it
    # By content: a file that was compressed without saying so in its name is read too.
    compressed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if compressed else stream  # type: ignore[return-value]
