"""Rows into the log: headers, keys, a summary that adds up, and the end of a file that is mostly bad."""

from __future__ import annotations

import gzip
import io
import itertools
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.memory import MemoryLog
from producers.feeds import FEEDS
from producers.publish import Lines, LogOutlet, Nowhere, Stopped, Summary, publish
from producers.reading.tables import header_line
from producers.rows import DeadLetter, Held, Merged, Position, Published, Row, Skipped
from schemas.errors import Failed
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL, TOPICS
from timeline.identity import assertion, encode

from .reading import RECORDED, SAMPLES, content_of, csv_line, read, table, with_cells

GOOD: Row = Published(read("vigil", content_of(SAMPLES / "mali-2021.jsonl")).events[0])
BAD: Row = DeadLetter("broken", None, Position("file", 1, 1), b"raw", 3)
FILES = {
    "ucdp-ged": content_of(RECORDED / "ucdp-ged.global-49.csv"),
    "un-fatalities": content_of(RECORDED / "un-fatalities.csv"),
    "unsc": content_of(RECORDED / "unsc.jsonl"),
    "cline-coups": content_of(RECORDED / "cline-coups.2.1.2.csv"),
    "gdelt": content_of(RECORDED / "gdelt.2.0.tsv"),
    "acled": content_of(RECORDED / "acled.current.csv"),
    "vigil": content_of(SAMPLES / "mali-2021.jsonl"),
}


def sent(feed: str, content: bytes, *, topic_prefix: str = "") -> MemoryLog:
    log = MemoryLog(clock=lambda: 0)
    publish(FEEDS[feed](io.BytesIO(content), "file"), LogOutlet(log, feed=feed, topic_prefix=topic_prefix))
    return log


def in_topics(log: MemoryLog) -> dict[str, list[tuple[Any, ...]]]:
    return {topic.name: [tuple(record) for record in log.read(topic.name)] for topic in TOPICS}


def summary_of(rows: Iterator[Row] | list[Row]) -> Summary:
    return publish(rows, Nowhere())


def test_an_event_goes_to_the_topic_of_its_type_keyed_by_its_id() -> None:
    log = sent("vigil", FILES["vigil"])
    for topic, types in ((INCIDENTS, {"attack", "displacement", "tally"}), (POLITICAL, {"coup", "resolution"})):
        records = list(log.read(topic))
        assert {json.loads(record.value or b"")["type"] for record in records} == types
        for record in records:
            assert record.key == json.loads(record.value or b"")["id"].encode()


def test_a_record_has_the_headers_of_cloudevents_in_binary_mode() -> None:
    (record,) = (
        record for record in sent("vigil", FILES["vigil"]).read(INCIDENTS) if b"tessalit" in (record.key or b"")
    )
    (event,) = (event for event in read("vigil", FILES["vigil"]).events if "tessalit" in event.id)
    headers = dict(record.headers)
    identity = headers.pop("ce_id").decode()
    assert identity.rpartition("/")[0] == event.id
    assert len(identity.rpartition("/")[2]) == 16
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_source": b"vigil:vigil",
        "ce_type": b"vigil.attack.v1",
        "ce_time": b"2021-10-03T00:00:00Z",
        "content-type": b"application/json",
    }
    assert record.value == encode(assertion(event))


def test_ce_id_names_the_assertion_and_not_the_event() -> None:
    line = FILES["vigil"].splitlines()[-1]
    other = json.dumps(json.loads(line) | {"title": "corrected"}).encode()
    topics = in_topics(sent("vigil", line + b"\n" + other + b"\n" + line))
    first, second, third = [dict(record[6])["ce_id"] for record in topics[INCIDENTS]]
    assert first == third != second


@pytest.mark.parametrize("feed", FILES)
def test_the_same_file_twice_gives_the_same_bytes(feed: str) -> None:
    assert in_topics(sent(feed, FILES[feed])) == in_topics(sent(feed, gzip.compress(FILES[feed])))


def test_a_dead_letter_keeps_its_bytes_and_says_why_and_where() -> None:
    log = sent("vigil", FILES["vigil"] + b'{"id": \xff}\n')
    (record,) = log.read(DEADLETTERS)
    assert (record.key, record.value) == (None, b'{"id": \xff}')
    headers = dict(record.headers)
    assert json.loads(headers["vigil_position"]) == {"file": "file", "record": 12, "line": 12}
    assert (headers["vigil_field"], headers["vigil_feed"]) == (b"", b"vigil")
    assert headers["vigil_reason"]


def test_a_dead_letter_over_the_limit_says_its_length_and_digest() -> None:
    long = b'{"a": "' + b"x" * (1 << 20) + b'"}'
    (record,) = sent("vigil", FILES["vigil"] + long).read(DEADLETTERS)
    headers = dict(record.headers)
    assert record.value == long[: 64 << 10]
    assert (headers["vigil_length"], headers["vigil_sha256"]) == (
        str(len(long)).encode(),
        sha256(long).hexdigest().encode(),
    )


def test_a_dead_letter_of_a_table_takes_the_header_along_so_that_both_are_a_file_again() -> None:
    header, row = FILES["ucdp-ged"].splitlines(keepends=True)[:2]
    (record,) = sent("ucdp-ged", header + row + b"x" + row).read(DEADLETTERS)
    context = dict(record.headers)["vigil_context"]
    again = read("ucdp-ged", context + b"\n" + (record.value or b"") + b"\n")
    assert [letter.reason for letter in again.dead] == [dict(record.headers)["vigil_reason"].decode()]
    assert len(read("ucdp-ged", context + b"\n" + (record.value or b"")[1:]).events) == 1


def test_a_header_that_would_not_fit_into_a_record_does_not_go_along() -> None:
    assert header_line(["a", "b,c"]) == b'a,"b,c"'
    assert header_line(["x" * 100_000]) is None


def test_a_topic_prefix_stands_before_every_topic() -> None:
    log = sent("vigil", FILES["vigil"] + b"x\n", topic_prefix="test.")
    assert not any(in_topics(log).values())
    assert len(list(log.read("test." + DEADLETTERS))) == 1


@given(st.lists(st.sampled_from([GOOD, Merged(), Skipped(), BAD]), max_size=99))
def test_the_summary_counts_every_row_once(rows: list[Row]) -> None:
    summary = summary_of(rows)
    assert summary == Summary(
        len(rows),
        rows.count(GOOD),
        rows.count(Merged()),
        rows.count(Skipped()),
        0,
        rows.count(BAD),
    )


def test_held_rows_count_as_what_becomes_of_them() -> None:
    late = DeadLetter("incomplete", None, Position("file", 1, 1), b"raw", 3, late=True)
    rows = [Held(), BAD, Held(), Held(), Held(), GOOD, Merged(), late, GOOD]
    assert summary_of(rows) == Summary(5, 2, 1, 0, 0, 2)


def test_held_rows_that_become_nothing_count_as_skipped() -> None:
    def rows() -> Iterator[Row]:
        yield from [Held(), Held(), BAD]
        raise Failed("cut")

    with pytest.raises(Stopped, match="cut") as stopped:
        summary_of(rows())
    assert stopped.value.summary == Summary(3, 0, 0, 2, 0, 1)


def stopped_after(rows: list[Row]) -> int | None:
    """How many rows were read when too many were bad; None when they were not."""
    try:
        summary_of(rows)
    except Stopped as error:
        return error.summary.read
    return None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([BAD] * 99, None),
        ([BAD] * 100, 100),
        ([GOOD] * 80 + [BAD] * 20, None),
        ([GOOD] * 80 + [BAD] * 21, 101),
        ([BAD] * 20 + [GOOD] * 80 + [BAD] * 80, 101),
        ([GOOD] * 5000 + [BAD] * 200, None),
        ([GOOD] * 5000 + [BAD] * 201, 5201),
        ([GOOD, GOOD, GOOD, GOOD, BAD] * 1000, None),
        ([GOOD, GOOD, GOOD, BAD] * 1000, 100),
        ([Held()] * 1000 + [BAD] * 201, 1201),
    ],
)
def test_reading_stops_when_over_a_fifth_of_the_last_thousand_rows_is_bad(
    rows: list[Row], expected: int | None
) -> None:
    assert stopped_after(rows) == expected


def test_what_was_sent_before_the_stop_stays_with_the_dead_letters() -> None:
    log = MemoryLog()
    with pytest.raises(Stopped):
        publish([GOOD] * 10 + [BAD] * 500 + [GOOD], LogOutlet(log, feed="vigil"))
    assert len(list(log.read(POLITICAL))) == 10
    assert len(list(log.read(DEADLETTERS))) == 90


def test_nothing_is_read_after_the_stop() -> None:
    rows = itertools.chain([BAD] * 100, [GOOD])
    with pytest.raises(Stopped):
        summary_of(rows)
    assert list(rows) == [GOOD]


def test_lines_are_events_and_dead_letters() -> None:
    lines: list[bytes] = []
    publish([GOOD, BAD], Lines(lines.append))
    assert isinstance(GOOD, Published)
    assert lines[0] == encode(assertion(GOOD.event))
    assert json.loads(lines[1]) == {
        "dead_letter": {"reason": "broken", "field": None, "position": {"file": "file", "record": 1, "line": 1}}
    }


def test_progress_is_told_and_ends_at_the_number_of_rows() -> None:
    told: list[int] = []
    publish([GOOD] * 1200, Nowhere(), on_progress=told.append)
    assert told == [500, 1000, 1200]


_ROWS = table(FILES["ucdp-ged"])
_PIECES = [
    *(with_cells(row) for row in _ROWS[:6]),
    with_cells(_ROWS[0], latitude="95"),
    with_cells(_ROWS[1], country_id="0"),
    with_cells(_ROWS[2])[:80] + b"\n",
    with_cells(_ROWS[3])[:80],
    csv_line(['a "quoted"\nline'] * 3),
    *(b'"', b"\n", b"\0", b"\xff\xfe", b"1,2,3\n", b"x" * 5000),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map(b"".join), st.data())
def test_no_damage_stops_the_count_from_adding_up(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, max(0, len(body) - 1)))
    flipped = (
        body[:place] + bytes([body[place] ^ 1 << data.draw(st.integers(0, 7))]) + body[place + 1 :] if body else body
    )
    content = FILES["ucdp-ged"].partition(b"\n")[0] + b"\n" + flipped
    rows = list(FEEDS["ucdp-ged"](io.BytesIO(content), "file"))
    summary = summary_of(rows)
    assert summary.read == len(rows) == summary.published + summary.dead_lettered
    letters = [row for row in rows if isinstance(row, DeadLetter)]
    assert all(letter.raw in flipped and letter.reason for letter in letters)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(FEEDS)), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(feed: str, junk: bytes) -> None:
    content = FILES[feed][:2000]
    for damaged in (junk, content + junk, content[: len(junk)] + junk + content[len(junk) :]):
        try:
            summary_of(FEEDS[feed](io.BytesIO(damaged), "file"))
        except Failed as error:
            assert str(error)
