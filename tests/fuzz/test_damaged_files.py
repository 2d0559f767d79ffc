"""Whatever was done to a file: a clear error or dead letters, a count that adds up, and neither a crash nor a hang."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from random import Random

import pytest

from producers.feeds import FEEDS
from producers.publish import Nowhere, Stopped, publish
from producers.rows import DeadLetter, Published, Row
from schemas.errors import Failed
from schemas.event import Event

from .damage import DAMAGES, Damage, encode_otherwise, flip_bits, whole_files
from .long_lines import FILLINGS, cases, read_long_line

FILES = {(feed, name): content for feed, name, content in cases()}


def check(feed: str, content: bytes) -> None:
    try:
        summary = publish(FEEDS[feed](io.BytesIO(content), "damaged"), Nowhere())
    except Stopped as error:
        summary = error.summary
        assert "reading stopped" in str(error) or str(error).startswith("damaged: ")
    except Failed as error:
        assert str(error).startswith("damaged: ")
        assert "\n" not in str(error)
        return
    assert summary.read == summary.published + summary.merged + summary.skipped + summary.dead_lettered


def test_every_feed_has_a_whole_file() -> None:
    assert {feed for feed, _ in FILES} == set(FEEDS)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(("feed", "name"), FILES)
def test_a_damaged_file_is_an_error_or_dead_letters(feed: str, name: str, damage: Damage) -> None:
    for seed in range(4):
        random = Random(f"{name} {seed}")
        content = damage(FILES[feed, name], random)
        check(feed, content)
    check(feed, gzip.compress(content))
    if damage is not encode_otherwise:
        check(feed, damage(gzip.compress(FILES[feed, name]), Random(name)))


def rows_of(feed: str, content: bytes) -> list[Row]:
    return list(FEEDS[feed](io.BytesIO(content), "file"))


def events_of(rows: list[Row]) -> dict[str, Event]:
    return {row.event.id: row.event for row in rows if isinstance(row, Published)}


@pytest.mark.parametrize(
    ("feed", "name"), [key for key in FILES if key[0] in ("ucdp-ged", "vigil", "gdelt", "cline-coups")]
)
def test_a_flipped_bit_costs_two_rows_at_most(feed: str, name: str) -> None:
    content = FILES[feed, name]
    whole = events_of(rows_of(feed, content))
    header = content.find(b"\n") + 1
    body = len(content) - header - 10
    for seed in range(25):
        random = Random(seed)
        place = header + random.randrange(body)
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.randrange(8)
        try:
            rows = rows_of(feed, bytes(damaged))
        except Failed:
            continue  # the bit was in the wrapper of the rows
        left = events_of(rows)
        assert sum(left.get(key) != event for key, event in whole.items()) <= 2
        assert sum(isinstance(row, DeadLetter) for row in rows) <= 2


@pytest.mark.parametrize("filling", FILLINGS)
@pytest.mark.parametrize("feed", FEEDS)
def test_a_long_line_is_read_in_bounded_memory(feed: str, filling: bytes) -> None:
    for content in whole_files(feed).values():
        tracemalloc.start()
        told, summary = read_long_line(feed, content, filling=filling, length=4 << 20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert told or (summary is not None and summary.dead_lettered)
        assert peak < 12 << 20


def test_a_bit_is_really_flipped() -> None:
    assert flip_bits(bytes(1000), Random(1)) != bytes(1000)
