"""How far something is that takes its time: on stderr, and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import click

T = TypeVar("T")
_STEP = 1000


def with_progress(
    items: Iterable[T], what: str, *, total: int | None = None, where: Callable[[T], str] | None = None
) -> Iterator[T]:
    """Yield the items; a person at a terminal sees how many have come by, of the total if it is known, and `where`."""
    if not sys.stderr.isatty():
        yield from items
        return
    step = _STEP if where is None else 1
    with click.progressbar(
        items,
        length=total,
        label=what,
        file=sys.stderr,
        show_pos=True,
        item_show_func=lambda item: "" if item is None or where is None else where(item),
    ) as bar:
        done = 0
        for done, item in enumerate(items, start=1):
            yield item
            if done % step == 0:
                bar.update(step, item)
        bar.update(done % step)
