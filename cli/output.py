"""Results on stdout as JSON lines, and what people are told on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click
import orjson


def encode_line(members: object) -> bytes:
    """Return JSON with sorted keys and no blanks, as every line of output has it."""
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def write_lines(lines: Iterable[bytes]) -> int:
    """Write one line each to stdout and return how many."""
    out = sys.stdout.buffer
    count = 0
    for line in lines:
        out.write(line + b"\n")
        count += 1
    out.flush()
    return count


def write_object(members: object) -> None:
    """Write one object as a line, at once."""
    write_lines([encode_line(members)])


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Write a file under another name, and give it its own once it is whole."""
    half = path.with_name(path.name + ".half")
    try:
        with half.open("wb") as out:
            yield out
        half.replace(path)
    except OSError as error:
        if error.filename == str(half):
            error.filename = str(path)  # the name that people gave
        raise
    finally:
        half.unlink(missing_ok=True)


def tell(text: str) -> None:
    """Tell people something, in one line on stderr."""
    click.echo(f"vigil: {text}", err=True)
