"""A folder that files are put into: each is published once, and again when its content changes.

Files whose name begins with a dot or ends like a download under way, and files that were written a moment ago, are left
for the next look. Sub-folders are not looked into.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from producers.reading.sources import opened
from producers.rows import Parse, Row
from producers.watching.positions import State
from producers.watching.watch import Delivery
from producers.watching.zipped import ZIP, unzipped
from schemas.errors import BadInput, Failed

SETTLED_SECONDS: Final = 2.0
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".crdownload", "~")
_PART_BYTES: Final = 1 << 20


class DropFolder:
    """The files of a folder, by name."""

    def __init__(self, folder: Path, parse: Parse, *, now: Callable[[], float] = time.time) -> None:
        """Raises: Failed when there is no such folder."""
        if not folder.is_dir():
            raise Failed(f"{folder} is no folder")
        self.source = str(folder.resolve())
        self._folder = folder
        self._parse = parse
        self._now = now

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield each file whose content was not published yet under any name.

        Raises:
            Failed: the folder is gone.
        """
        published = {state.get("sha256") for state in known.values()}
        for path, size, changed in self._files():
            before = known.get(path.name, {})
            if (before.get("size"), before.get("changed")) == (size, changed):
                continue
            digest = _digest(path)
            state = {"sha256": digest, "size": size, "changed": changed}
            if digest is None:
                continue
            if digest in published:
                if before.get("sha256") != digest:
                    yield Delivery(path.name, (), state, part=path.name, note="published before under another name")
                continue
            published.add(digest)
            yield Delivery(path.name, self._rows(path), state, part=path.name)

    def _files(self) -> Iterator[tuple[Path, int, int]]:
        """Yield the files that nobody is writing, with size and time of change (nanoseconds)."""
        try:
            paths = sorted(self._folder.iterdir())
        except OSError as error:
            raise Failed(f"{self.source}: cannot be read: {error.strerror}") from error
        for path in paths:
            if path.name.startswith(".") or path.name.endswith(_UNFINISHED):
                continue
            try:
                found = path.stat()
            except OSError:
                continue  # it was taken away since
            if path.is_file() and found.st_mtime <= self._now() - SETTLED_SECONDS:
                yield path, found.st_size, found.st_mtime_ns

    def _rows(self, path: Path) -> Iterator[Row]:
        with _content(path) as stream:
            if stream is not None:
                yield from self._parse(stream, path.name)


@contextmanager
def _content(path: Path) -> Iterator[BinaryIO | None]:
    """Open a file, in its archive where it is one; None when it is empty.

    Raises:
        Failed: it cannot be read.
    """
    with opened(str(path)) as stream:
        begins = stream.read(len(ZIP))
        stream.seek(0)
        if begins != ZIP:
            yield stream if begins else None
            return
        try:
            content = unzipped(stream.read())
        except BadInput as error:
            raise Failed(f"{path}: {error.reason}") from error
    yield io.BytesIO(content) if content else None


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's content; None when it is gone or may not be read: the next look tries again."""
    digest = sha256()
    try:
        with path.open("rb") as stream:
            while part := stream.read(_PART_BYTES):
                digest.update(part)
    except OSError:
        return None
    return digest.hexdigest()
