"""Results on stdout as JSON lines, and what people are told on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable

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


def tell(text: str) -> None:
    """Tell people something, in one line on stderr."""
    click.echo(f"vigil: {text}", err=True)
