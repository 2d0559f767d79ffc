"""Files as streams of lines: standard input, gzip, and the refusal of what is no text or of another feed."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from producers.reading.records import LineStream
from schemas.errors import Failed

STANDARD_INPUT: Final = "-"
_HEAD_BYTES = 64 << 10
_HEAD_LINES = 100
_GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_NO_TEXT: Final = {
    b"\xff\xfe": "UTF-16 text: convert it to UTF-8",
    b"\xfe\xff": "UTF-16 text: convert it to UTF-8",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\xfd7zXZ": "an xz archive: unpack it",
    b"(\xb5/\xfd": "a zstd archive: unpack it",
    b"BZh": "a bzip2 archive: unpack it",
}


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input when its name is `-`.

    Raises:
        Failed: it cannot be read.
    """
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115  closed below; what is raised while reading is not ours to name
    except OSError as error:
        raise Failed(f"{name}: cannot be read: {error.strerror}") from error
    with stream:
        yield stream


class Source:
    """A text stream whose first lines can be looked at before they are read."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = _unpacked(stream, name)
        self._looked_at: list[bytes] = []

    def look(self) -> Iterator[bytes]:
        """Yield the first lines, at most 100 of them and no more of one than 64 KiB, reading only what is asked for.

        Raises:
            Failed: it is no text in UTF-8, or compressed in another way than by gzip.
        """
        size = 0
        while size < _HEAD_BYTES and len(self._looked_at) < _HEAD_LINES and (line := self._line(_HEAD_BYTES)):
            if size == 0:
                _refuse_what_is_no_text(line, self.name)
                line = line.removeprefix(_UTF8_MARK) or b"\n"
            self._looked_at.append(line)
            size += len(line)
            yield line

    def readline(self, limit: int = -1, /) -> bytes:
        """Return the next line with its end, or its first `limit` bytes; empty at the end."""
        return self._looked_at.pop(0) if self._looked_at else self._line(limit)

    def _line(self, limit: int) -> bytes:
        try:
            return self._stream.readline(limit)
        except (EOFError, zlib.error, OSError) as error:
            raise Failed(f"{self.name}: cut or damaged, reading ended there: {error}") from error


def _unpacked(stream: BinaryIO, name: str) -> LineStream:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    try:
        magic = buffered.peek(len(_GZIP))
    except (EOFError, zlib.error, OSError) as error:
        raise Failed(f"{name}: cannot be read: {error}") from error
    return gzip.GzipFile(fileobj=buffered) if magic.startswith(_GZIP) else buffered


def _refuse_what_is_no_text(line: bytes, name: str) -> None:
    for magic, found in _NO_TEXT.items():
        if line.startswith(magic):
            raise Failed(f"{name}: looks like {found}")
    if bytes(map(bool, line[:4])) in (b"\1\0\1\0", b"\0\1\0\1"):
        raise Failed(f"{name}: looks like UTF-16 text: convert it to UTF-8")
