"""Dead letters sent again: what becomes of each, and that a second time changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from cli.publishing.redelivery import Outcome, Redelivery
from eventlog.memory import MemoryLog
from eventlog.record import Record
from processors.assertions import dead_letter
from producers.publish import LogOutlet
from producers.rows import DeadLetter, Position
from schemas.errors import BadInput
from schemas.topics import COMMANDS, DEADLETTERS, INCIDENTS, POLITICAL
from subscribers.deadletters import Letter, decode_letter
from tests.unit.producers.reading import RECORDED, SAMPLES, content_of

NOW_MS = 1_790_000_000_000
UCDP = content_of(RECORDED / "ucdp-ged.global-49.csv").splitlines()
EVENT = content_of(SAMPLES / "mali-2021.jsonl").splitlines()[-1]
KEY = json.loads(EVENT)["id"].encode()


def row_letter(
    raw: bytes,
    *,
    feed: str = "ucdp-ged",
    context: bytes | None = None,
    length: int | None = None,
    release: str | None = None,
) -> Letter:
    """A letter as a producer writes it."""
    log = MemoryLog(clock=lambda: NOW_MS)
    sha256 = None if length is None else "0" * 64
    refused = DeadLetter("refused before the fix", "x", Position("file.csv", 3, 4), raw, length or 0, sha256)
    LogOutlet(log, feed=feed, release=release).dead_letter(
        DeadLetter(refused.reason, refused.field, refused.position, raw, refused.length, sha256, context=context)
    )
    return decode_letter(next(log.read(DEADLETTERS)))


def record_letter(
    value: bytes, *, key: bytes = KEY, topic: str = INCIDENTS, headers: tuple[tuple[str, bytes], ...] = ()
) -> Letter:
    """A letter as the ledger writes it."""
    record = Record(topic, 5, 77, NOW_MS, key, value, headers)
    kept, all_headers = dead_letter(record, BadInput("refused", "x"), f"{topic}:5:77")
    return decode_letter(Record(DEADLETTERS, 5, 8, NOW_MS, key, kept, tuple(all_headers)))


def replay(log: MemoryLog, *letters: Letter, replayed: set[str] | None = None) -> list[Outcome]:
    async def given() -> AsyncIterator[Letter]:
        for letter in letters:
            yield letter

    async def run() -> list[Outcome]:
        redelivery = Redelivery(log, "", now_ms=lambda: NOW_MS)
        return [outcome async for outcome in redelivery.run(given(), replayed=replayed or set())]

    return asyncio.run(run())


def test_a_row_becomes_its_event_with_the_letter_as_cause_and_is_noted_as_replayed() -> None:
    log, letter = MemoryLog(), row_letter(UCDP[1], context=UCDP[0])
    [outcome] = replay(log, letter)
    [record] = log.read(INCIDENTS)
    assert outcome == Outcome(letter.id, "published", ((record.key or b"").decode(),))
    assert dict(record.headers)["ce_causationid"] == letter.place.encode()
    assert dict(record.headers)["ce_source"] == b"vigil:ucdp-ged"
    [command] = log.read(COMMANDS)
    assert command.key == letter.id.encode()
    assert json.loads(command.value or b"") == {
        "command": "replay",
        "dead_letter": letter.id,
        "events": list(outcome.events),
    }


def test_a_row_of_a_release_comes_back_as_part_of_it() -> None:
    log, letter = MemoryLog(), row_letter(UCDP[1], context=UCDP[0], release="ged@home@2022-06-01")
    replay(log, letter)
    [record] = log.read(INCIDENTS)
    assert json.loads(record.value or b"")["sequence"] == "2022-06-01"


def test_what_still_fails_stays_a_dead_letter_and_nothing_is_written() -> None:
    log = MemoryLog()
    [outcome] = replay(log, row_letter(b"no row at all", context=UCDP[0]))
    assert (outcome.outcome, outcome.events) == ("failed", ())
    assert "cells" in (outcome.reason or "")
    assert not any([*log.read(topic)] for topic in (INCIDENTS, POLITICAL, COMMANDS, DEADLETTERS))


def test_a_letter_is_sent_once_however_often_it_was_refused() -> None:
    log, letter = MemoryLog(), row_letter(UCDP[1], context=UCDP[0])
    assert len(replay(log, letter, letter)) == 1
    assert len(list(log.read(INCIDENTS))) == 1
    assert replay(log, letter, replayed={letter.id}) == []


def test_a_record_goes_back_to_its_topic_with_key_and_headers() -> None:
    log, headers = MemoryLog(), (("ce_source", b"vigil:vigil"), ("vigil_reason", b"its own"))
    [outcome] = replay(log, record_letter(EVENT, headers=headers))
    assert outcome.outcome == "published"
    [record] = log.read(INCIDENTS)
    assert (record.key, record.value) == (KEY, EVENT)
    assert record.headers == (*headers, ("ce_causationid", f"{DEADLETTERS}:5:8".encode()))


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (record_letter(b"{"), ""),
        (record_letter(EVENT, key=b"another key"), "record key"),
        (record_letter(EVENT, topic="elsewhere"), "no place in an events topic"),
        (record_letter(b"x" * (2 << 20)), "bytes were kept"),
        (row_letter(b"x", length=2 << 20), "bytes were kept"),
        (row_letter(UCDP[1], feed="of-old"), "no feed of-old"),
        (row_letter(b"whatever", context=UCDP[0], feed="unsc"), "publish file.csv again"),
        (row_letter(b"", context=UCDP[0]), "no data row"),
    ],
)
def test_what_cannot_be_replayed_says_why(letter: Letter, reason: str) -> None:
    log = MemoryLog()
    [outcome] = replay(log, letter)
    assert outcome.outcome == "failed"
    assert reason in (outcome.reason or "")
    assert not any([*log.read(topic)] for topic in (INCIDENTS, POLITICAL, COMMANDS, DEADLETTERS))


def test_rows_of_a_feed_without_a_name_of_its_own_are_recognised() -> None:
    [outcome] = replay(MemoryLog(), row_letter(UCDP[1], context=UCDP[0], feed="samples"))
    assert outcome.outcome == "published"


def test_a_line_that_is_left_out_by_choice_is_replayed_as_nothing() -> None:
    log = MemoryLog()
    [outcome] = replay(log, row_letter(b'{"dead_letter": {}}'.replace(b": ", b":", 1), feed="vigil"))
    assert outcome.outcome == "skipped"
    assert len(list(log.read(COMMANDS))) == 1


def test_many_letters_are_sent_in_parts() -> None:
    log = MemoryLog()
    letters = [row_letter(b"%d" % number, feed="vigil") for number in range(1203)]
    assert len(replay(log, *letters)) == 1203
