"""A longer file takes no more memory, whatever the feed, where its rows stand for themselves."""

from __future__ import annotations

import pytest

from tests.bench.adapters import KEEPING, peak_bytes, read

from .long_lines import cases

FILES = {name: (feed, content) for feed, name, content in cases() if feed not in KEEPING}


@pytest.mark.parametrize("name", FILES)
def test_memory_does_not_grow_with_the_file(name: str) -> None:
    feed, content = FILES[name]
    read(feed, [content])  # fills what the adapter remembers of names and places
    once, often = (peak_bytes(feed, content, times) for times in (1, 30))
    assert often < once + (64 << 10)
