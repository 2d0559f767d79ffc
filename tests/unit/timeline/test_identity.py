"""Canonical form and content hash, with known answers: other people's programs compute the same."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest

from schemas.event import check_event
from tests.unit.schemas.test_event import AGUELHOK, changed
from timeline.identity import assertion, content_hash, decode, encode
from timeline.times import microseconds, time_text

CANONICAL = (
    '{"actors":[{"id":"jnim"}],"event_time":{"end":"2021-05-01T00:00:00Z","precision":"month",'
    '"start":"2021-04-01T00:00:00Z"},"id":"ucdp-ged:187344","killed":{"total":{"best":4,"high":4,"low":4}},'
    '"place":{"country":"MLI","latitude":19.46,"longitude":0.86},"source":"ucdp-ged","type":"attack"}'
)
KNOWN = "78e08ccdfe82b94190d3c204d8916bc5bd27c6dfe5998d7f221365abf73b135b"


def test_the_hash_is_that_of_the_canonical_form() -> None:
    assert hashlib.sha256(CANONICAL.encode()).hexdigest() == KNOWN
    assert content_hash(check_event(AGUELHOK)) == KNOWN


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sequence", "2022-06-01"),
        ("publish_time", "2021-06-01T00:00:00Z"),
        ("publish_time_basis", "assumed"),
        ("state", "asserted"),
        ("coding", "human"),
        ("title", ""),
        ("repairs", []),
        ("mood", "unknown to readers"),
        ("injured", {"total": {"low": None}}),
        ("event_time.start", "2021-04-01T02:00:00.000+02:00"),
    ],
)
def test_what_says_nothing_about_the_event_changes_no_hash(path: str, value: Any) -> None:
    assert content_hash(check_event(changed(path, value))) == KNOWN


@pytest.mark.parametrize(
    ("path", "value", "known"),
    [
        ("place.latitude", 5.0, "3179abfd5d661b5729d90bae21dca29984e1d21f55264e40fe7eeffcd14484e3"),
        (
            "event_time.start",
            "2021-04-01T00:00:00.120Z",
            "40949fb74d720d4dd1dda9631f1dbe326bb6bdaa8f92d615625cdb1c57d54952",
        ),
        ("title", "Aguelhok – attaqué", "3380b889813eb99ecc0170a745558a0df2416ce0cec8d1d3b35ccbc090a9163d"),
        ("coding", "machine", "2648f94119b224ffbdc54bc337c0cf64c395a5677d4924626c6bedfef69ff781"),
        ("place.longitude", -0.0, "35df3ae08d86fb346d2cfdb5c12ea91e75313eeef02f4f1bb59e9a4cf009f84f"),
    ],
)
def test_known_hashes(path: str, value: Any, known: str) -> None:
    assert content_hash(check_event(changed(path, value))) == known


def test_a_withdrawal_has_a_hash_of_its_own() -> None:
    withdrawal = {"id": "a:1", "source": "a", "type": "attack", "state": "withdrawn", "reason": "a duplicate"}
    text = b'{"id":"a:1","reason":"a duplicate","source":"a","state":"withdrawn","type":"attack"}'
    event = check_event({**withdrawal, "publish_time": "2021-05-01T00:00:00Z"})
    assert content_hash(event) == hashlib.sha256(text).hexdigest()
    assert assertion(event).stamp.withdrawn


def test_the_stamp_falls_back_on_the_publish_time() -> None:
    assert assertion(check_event(AGUELHOK)).stamp.sequence == "2021-05-01T00:00:00Z"
    fraction = check_event(changed("publish_time", "2021-05-01T00:00:00.500Z"))
    assert assertion(fraction).stamp.sequence == "2021-05-01T00:00:00.5Z"


def test_a_sequence_that_says_the_publish_time_is_no_sequence() -> None:
    said = assertion(check_event(changed("sequence", "2021-05-01T00:00:00Z")))
    assert said == assertion(check_event(AGUELHOK))


def test_decoding_undoes_encoding() -> None:
    statement = assertion(check_event(changed("sequence", "r2")))
    assert decode(encode(statement), statement.stamp.content) == statement
    assert orjson.loads(encode(statement))["state"] == "asserted"


@pytest.mark.parametrize("text", ["1946-01-25T00:00:00Z", "2021-04-01T12:30:00.000001Z", "0001-01-01T00:00:00Z"])
def test_times_read_back_the_same(text: str) -> None:
    assert time_text(microseconds(text)) == text
