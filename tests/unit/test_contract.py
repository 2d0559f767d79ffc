"""What Vigil writes is what the contract says: records of the samples, from the producers to the alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import islice
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import yaml

from cli.ruling.files import default_rules
from eventlog.memory import MemoryLog
from eventlog.record import Header, Record
from processors.assertions import dead_letter, read_assertion, timeline_headers
from processors.teller import told_headers
from processors.ticks import tick_time
from producers.feeds import FEEDS, Files, read_files
from producers.publish import LogOutlet, publish
from schemas.channel_examples import EXAMPLES, KEYS, Example
from schemas.channels import CHANNELS
from schemas.command import Acknowledge, Command, Comment, EndSilence, Silence
from schemas.errors import BadInput
from schemas.event import check_event
from schemas.rule_text import parse_rules
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL, events_topic
from subscribers.commands import command_record
from subscribers.deadletters import replay_command
from tests.channels import kinds
from tests.unit.producers.reading import RECORDED
from tests.unit.producers.test_samples import FILES
from timeline.cloud_events import headers_of
from timeline.identity import Assertion, assertion, encode
from timeline.manifests import Manifests, encode_pieces
from timeline.replay import fold
from timeline.rollup import Rollup
from timeline.telling import ScopeChange, Told
from timeline.times import microseconds

Json = dict[str, Any]
ROWS = 150
CHANNEL_OF = {channel.topic: channel.name for channel in CHANNELS}
POSITION = "vigil.events.incidents.v1:3:41"
RECORDED_FILES = [
    *[("acled", RECORDED / name) for name in ("acled.current.csv", "acled.older.csv")],
    ("cline-coups", RECORDED / "cline-coups.2.1.2.csv"),
    *[("gdelt", RECORDED / name) for name in ("gdelt.1.0.tsv", "gdelt.2.0.tsv")],
    ("ucdp-ged", RECORDED / "ucdp-ged.global-49.csv"),
]
TAKEN_MS = microseconds("2026-01-01T00:00:00Z") // 1000


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """What producers publish of the first rows of every sample and of recorded files of all other feeds."""
    log = MemoryLog(clock=lambda: TAKEN_MS)
    for feed, path in [*FILES, *RECORDED_FILES]:
        publish(islice(read_files(feed, Files([str(path)])), ROWS), LogOutlet(log, feed=feed))
    bad_rows = b'{"id": "vigil:1"}\n{"title": "' + b"x" * 1024 * 1024 + b'"}\n'
    publish(FEEDS["vigil"](BytesIO(bad_rows), "bad.jsonl"), LogOutlet(log, feed="vigil", release="sample@2024"))
    return log


@pytest.fixture(scope="module")
def statements(log: MemoryLog) -> list[Assertion]:
    return [read_assertion(_taken(record)).statement for record in _events(log)]


def _events(log: MemoryLog) -> list[Record]:
    return [record for topic in (INCIDENTS, POLITICAL) for record in log.read(topic)]


def _taken(record: Record) -> Any:
    return SimpleNamespace(key=record.key, value=record.value, headers=record.headers, timestamp=record.timestamp_ms)


def _wrong(channel: str, kind: str, records: Iterable[tuple[bytes | None, Sequence[Header]]]) -> list[Any]:
    return [value for value, headers in records if kinds(channel, value, headers) != [kind]]


def test_events_are_what_feeds_may_write(log: MemoryLog) -> None:
    for topic, kind in ((INCIDENTS, "incident"), (POLITICAL, "politicalEvent")):
        records = list(log.read(topic))
        assert len(records) > 50
        assert not _wrong(CHANNEL_OF[topic], kind, [(record.value, record.headers) for record in records])


def test_what_feeds_may_write_in_structured_mode_is_what_the_ledger_reads(log: MemoryLog) -> None:
    for record in _events(log)[::10]:
        attributes = {name.removeprefix("ce_"): said.decode() for name, said in record.headers if name[:3] == "ce_"}
        value = orjson.dumps({**attributes, "data": orjson.loads(record.value or b"")})
        headers = [("content-type", b"application/cloudevents+json")]
        [kind] = kinds(CHANNEL_OF[record.topic], value, headers)
        assert kind.endswith("Structured")
        structured = read_assertion(_taken(record._replace(value=value, headers=headers)))
        assert structured.statement == read_assertion(_taken(record)).statement


def test_accepted_assertions_are_what_readers_expect(log: MemoryLog) -> None:
    accepted = [read_assertion(_taken(record)) for record in _events(log)]
    records = [(encode(each.statement), timeline_headers(each, POSITION)) for each in accepted]
    assert not _wrong("timeline", "acceptedAssertion", records)


def test_what_an_archive_restored_is_what_readers_expect(log: MemoryLog) -> None:
    record = _events(log)[0]
    restored = [*record.headers, ("ce_recordedtime", b"2025-01-01T00:00:00Z"), ("ce_traceparent", b"00-1")]
    accepted = read_assertion(_taken(record._replace(headers=restored)))
    said = timeline_headers(accepted, POSITION)
    assert ("ce_traceparent", b"00-1") in said
    assert kinds("timeline", encode(accepted.statement), said) == ["acceptedAssertion"]


def test_dead_letters_of_producers_and_of_the_ledger_are_what_feeds_expect(log: MemoryLog) -> None:
    of_producers = list(log.read(DEADLETTERS))
    assert len(of_producers) >= 2
    assert {"vigil_release", "vigil_sha256"} <= {name for record in of_producers for name, _ in record.headers}
    bad = [
        _taken(Record(INCIDENTS, 0, 0, TAKEN_MS, b"k", value, [("ce_id", b"1")]))
        for value in (None, b"", b"\xff", b"{}", b" " * (1024 * 1024 + 1))
    ]
    refused = [dead_letter(record, _refusal(record), POSITION) for record in bad]
    records = [*[(record.value, record.headers) for record in of_producers], *refused]
    assert not _wrong("deadLetters", "deadLetter", records)


def _refusal(record: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_assertion(record)
    return caught.value


@pytest.fixture(scope="module")
def told(statements: list[Assertion]) -> list[ScopeChange]:
    """What the roller tells of all that, and then of a third of the events being withdrawn."""
    rules, told = parse_rules(default_rules()), Told()
    rollup = fold(statements, rules)
    changes = list(_told(told, rollup))
    for statement in statements[::3]:
        gone = {name: statement.document[name] for name in ("id", "source", "type")}
        rollup.apply(assertion(check_event(gone | {"state": "withdrawn", "publish_time": "2025-06-01T00:00:00Z"})))
    return [*changes, *_told(told, rollup)]


def _told(told: Told, rollup: Rollup) -> Iterator[ScopeChange]:
    for change in told.differences(rollup, everything=True):
        told.confirm(change)
        yield change


def test_alerts_are_what_readers_expect(told: list[ScopeChange]) -> None:
    alerts = [value for change in told for _, value in change.alerts]
    records = [json.loads(value) for value in alerts]
    assert {"raised", "cancelled"} <= {record["transition"] for record in records}
    assert any(record["correction"] for record in records)
    assert not _wrong("alerts", "alertTransition", [(value, told_headers(value)) for value in alerts])


def test_aggregates_are_what_readers_expect(told: list[ScopeChange]) -> None:
    values = [change.aggregate[0] for change in told if change.aggregate is not None]
    assert len(values) > 100
    gone = [value for value in values if value is None]
    assert gone
    assert kinds("aggregates", None) == ["aggregateGone"]
    assert not _wrong(
        "aggregates", "aggregate", [(value, told_headers(value)) for value in values if value is not None]
    )


THREAD = "a2c61ef302a2435399b546c9c2f171bd"


@pytest.mark.parametrize(
    "record",
    [
        command_record(Acknowledge(command="acknowledge", id="0" * 8, by="A", thread=THREAD)),
        command_record(Comment(command="comment", id="0" * 8, by="A", thread=THREAD, text="x")),
        command_record(
            Silence(command="silence", id="0" * 8, by="A", rule="x", until="2021-01-01T00:00:00Z", comment="x")  # type: ignore[arg-type]
        ),
        command_record(EndSilence(command="end_silence", id="0" * 8, by="A", silence="1" * 8)),
        replay_command("0" * 16, ["vigil:1"]),
    ],
    ids=lambda record: json.loads(record[1])["command"],
)
def test_commands_are_what_the_contract_says(record: tuple[bytes, bytes, list[Header]]) -> None:
    assert kinds("commands", *record[1:]) == ["command"]


def test_the_default_rules_are_what_the_contract_says() -> None:
    headers = [("content-type", b"application/yaml"), ("vigil_version", parse_rules(default_rules()).version.encode())]
    assert kinds("rules", default_rules().encode(), headers) == ["ruleSet"]


def test_ticks_of_the_contract_are_ticks() -> None:
    for value, kind in ((b"", "tick"), (_json("tickAt"), "tickAt")):
        assert kinds("ticks", value) == [kind]
        assert tick_time(value, TAKEN_MS) is not None


# Each example is what the parts make of the two events, so that none of them was thought up.


@pytest.mark.parametrize(("kind", "channel"), [("incident", "incidents"), ("politicalEvent", "political")])
def test_the_examples_of_events_are_what_a_producer_writes(kind: str, channel: str) -> None:
    statement = _statement(kind)
    [example] = EXAMPLES[kind]
    assert json.loads(encode(statement)) == example.payload
    assert _text(headers_of(statement)) == example.headers
    assert KEYS[channel] == statement.id
    assert CHANNEL_OF[events_topic(example.payload["type"])] == channel


def test_the_example_of_the_timeline_is_what_the_ledger_makes_of_it() -> None:
    [asserted], [example] = EXAMPLES["incident"], EXAMPLES["acceptedAssertion"]
    taken_ms = microseconds("2021-10-02T18:00:05Z") // 1000
    record = Record(INCIDENTS, 3, 41, taken_ms, KEYS["incidents"].encode(), _json("incident"), _headers(asserted))
    accepted = read_assertion(_taken(record))
    assert json.loads(encode(accepted.statement)) == example.payload
    assert _text(timeline_headers(accepted, POSITION)) == example.headers


def test_the_examples_of_aggregates_and_alerts_are_what_is_told_of_the_events() -> None:
    [rules], [alert], [aggregate] = EXAMPLES["ruleSet"], EXAMPLES["alertTransition"], EXAMPLES["aggregate"]
    rule_set = parse_rules(yaml.safe_dump(rules.payload))
    assert rules.headers["vigil_version"] == rule_set.version
    changes = list(Told().differences(fold([_statement("incident")], rule_set), everything=True))
    [(key, said)] = [each for change in changes for each in change.alerts]
    assert (key, json.loads(said), _text(told_headers(said))) == (KEYS["alerts"], alert.payload, alert.headers)
    [value] = [
        each.aggregate
        for each in Told().differences(fold([_statement("politicalEvent")]), everything=True)
        if each.scope == KEYS["aggregates"]
    ]
    said = value[0] if value and value[0] else b""
    assert (json.loads(said), _text(told_headers(said))) == (aggregate.payload, aggregate.headers)


def test_the_example_of_a_manifest_is_one() -> None:
    manifests = Manifests()
    manifests.take(_json("manifestPiece"))
    [manifest] = manifests.whole()
    assert [json.loads(piece) for piece in encode_pieces(manifest)] == [EXAMPLES["manifestPiece"][0].payload]
    assert manifest.feed == KEYS["releases"]


def test_the_example_of_a_dead_letter_is_what_the_ledger_makes_of_it() -> None:
    [example] = EXAMPLES["deadLetter"]
    own = replace(example, headers={"content-type": example.headers["content-type"]})
    record = _taken(Record(INCIDENTS, 5, 7, TAKEN_MS, b"vigil:1", example.payload.encode(), _headers(own)))
    value, headers = dead_letter(record, _refusal(record), example.headers["vigil_position"])
    assert value == example.payload.encode()
    assert _text(headers) == example.headers


def test_the_examples_of_commands_are_written_as_they_stand() -> None:
    for example in EXAMPLES["command"]:
        key, value, headers = command_record(Command.model_validate_json(orjson.dumps(example.payload)).root)
        assert json.loads(value) == example.payload
        assert _text(headers) == example.headers
    key, *_ = command_record(Command.model_validate_json(_json("command")).root)
    assert key.decode() == KEYS["commands"]


def _json(kind: str) -> bytes:
    return orjson.dumps(EXAMPLES[kind][0].payload)


def _statement(kind: str) -> Assertion:
    return assertion(check_event(EXAMPLES[kind][0].payload))


def _headers(example: Example) -> list[Header]:
    return [(name, said.encode()) for name, said in example.headers.items()]


def _text(headers: Sequence[Header]) -> dict[str, str]:
    return {name: said.decode() for name, said in headers}
