"""What is pushed is judged as everything else is, and written as producers write it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from processors.assertions import read_assertion
from producers.publish import LogOutlet
from schemas.event import parse_event
from subscribers.http.cloud_events import BATCH, MAX_EVENTS, STRUCTURED
from tests.unit.subscribers.http.wired import NOW, Service
from timeline.identity import assertion

Json = dict[str, Any]
EVENT: Json = {
    "id": "vigil:é1",
    "source": "vigil",
    "type": "attack",
    "title": "Überfall",
    "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
    "publish_time": "2021-04-02T00:00:00Z",
    "place": {"country": "MLI", "latitude": 5.0},
}
ENVELOPE: Json = {"specversion": "1.0", "id": "my-1", "source": "https://feed.example/", "type": "example.attack"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def _post(service: Service, body: Any, kind: str | None = "application/json", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kinds = {} if kind is None else {"content-type": kind}
    return service.client.post("/events", content=content, headers={**kinds, **headers})


def _said(answer: Any) -> list[tuple[int, str]]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [(each["index"], each["field"]) for each in answer.json()["errors"]]


def test_every_form_of_an_event_is_written_as_a_producer_writes_it(service: Service) -> None:
    written: list[Any] = []
    log = SimpleNamespace(send=lambda topic, **record: written.append((topic, record)), flush=lambda: None)
    LogOutlet(log, feed="vigil", topic_prefix="p.").event(assertion(parse_event(json.dumps(EVENT).encode())))
    [(topic, record)] = written
    binary = {f"ce-{name}": value for name, value in ENVELOPE.items()}
    answers = [
        _post(service, EVENT),
        _post(service, EVENT, "application/json; charset=utf-8", **binary),
        _post(service, {**ENVELOPE, "data": EVENT}, STRUCTURED),
        _post(service, [{**ENVELOPE, "data": EVENT}], BATCH),
    ]
    for number, answer in enumerate(answers):
        assert answer.status_code == 202, answer.text
        position = {"topic": "p.vigil.events.incidents.v1", "partition": 3, "offset": number}
        assert answer.json() == {"accepted": [{"id": "vigil:é1", **position}]}
    for sent in service.log.sent:
        assert (sent.topic, sent.key, sent.value) == (topic, record["key"], record["value"])
        assert list(sent.headers) == record["headers"]
        read_assertion(SimpleNamespace(key=sent.key, value=sent.value, headers=sent.headers, timestamp=NOW // 1000))


def test_what_led_to_an_event_is_passed_on_and_when_it_was_recorded_is_not_believed(service: Service) -> None:
    said = {**ENVELOPE, "causationid": "run 7", "traceparent": TRACE, "anything": "else"}
    assert _post(service, {**said, "data": EVENT}, STRUCTURED).status_code == 202
    headers = dict(service.log.sent[0].headers)
    assert (headers["ce_causationid"], headers["ce_traceparent"]) == (b"run 7", TRACE.encode())
    assert "ce_anything" not in headers
    for recorded in ("2020-01-01T00:00:00Z", 5):
        answer = _post(service, {**said, "recordedtime": recorded, "data": EVENT}, STRUCTURED)
        assert _said(answer) == [(0, "recordedtime")]
    binary = {f"ce-{name}": value for name, value in {**ENVELOPE, "recordedtime": "2020-01-01T00:00:00Z"}.items()}
    assert _said(_post(service, EVENT, **binary)) == [(0, "ce-recordedtime")]
    assert len(service.log.sent) == 1


def test_a_batch_is_taken_whole_or_not_at_all_and_every_fault_is_named(service: Service) -> None:
    wrong: list[Any] = [
        {**ENVELOPE, "data": EVENT},
        {**ENVELOPE, "data": {**EVENT, "killed": {"total": {"low": 5, "best": 2}}}},
        {**ENVELOPE, "type": "", "data": EVENT},
        {**ENVELOPE, "data": {**EVENT, "publish_time": "2026-11-26T00:00:00Z"}},
        {**ENVELOPE, "data": {**EVENT, "sequence": "2026-11-27"}},
        {**ENVELOPE, "data": None},
        {"data": EVENT},
        7,
        {**ENVELOPE, "data": {**EVENT, "description": "x" * 1024 * 1024}},
        {**ENVELOPE, "traceparent": "xyz", "data": EVENT},
    ]
    answer = _post(service, wrong, BATCH)
    assert _said(answer) == [
        (1, "data.killed.total"),
        (2, "type"),
        (3, "data.publish_time"),
        (4, "data.sequence"),
        (5, "data"),
        (6, "specversion"),
        (7, "specversion"),
        (8, "data"),
        (9, "traceparent"),
    ]
    assert "nothing was written" in answer.json()["detail"]
    assert not service.log.sent
    right = [{**ENVELOPE, "data": {**EVENT, "id": f"vigil:{number}"}} for number in range(MAX_EVENTS)]
    accepted = _post(service, right, BATCH).json()["accepted"]
    assert [each["id"] for each in accepted] == [f"vigil:{number}" for number in range(MAX_EVENTS)]
    assert _post(service, [*right, right[0]], BATCH).status_code == 413
    assert _post(service, [], BATCH).json() == {"accepted": []}


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
def test_other_forms_are_refused(service: Service, kind: str | None) -> None:
    answer = _post(service, EVENT, kind)
    assert answer.status_code == 415
    assert BATCH in answer.headers["accept-post"]


def test_a_compressed_body_is_refused(service: Service) -> None:
    assert _post(service, EVENT, **{"content-encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"a": "\\ud800"}'])
def test_what_is_no_json_is_refused(service: Service, body: bytes) -> None:
    answer = _post(service, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")


def test_an_array_where_one_event_is_expected_is_told_how_several_are_sent(service: Service) -> None:
    detail = _post(service, [EVENT, EVENT]).json()["detail"]
    assert "expected one event as an object" in detail and BATCH in detail


@pytest.mark.parametrize(
    ("kind", "headers", "found"),
    [
        (None, {}, "found none"),
        ("application/x-www-form-urlencoded", {}, "found application/x-www-form-urlencoded"),
        ("application/json", {"content-encoding": "gzip"}, "found Content-Encoding gzip"),
    ],
)
def test_a_form_that_is_not_taken_is_named(
    service: Service, kind: str | None, headers: dict[str, str], found: str
) -> None:
    answer = _post(service, EVENT, kind, **headers)
    assert answer.status_code == 415
    assert answer.json()["detail"].endswith("; " + found)


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b"{}"])
def test_what_is_no_event_is_refused(service: Service, body: bytes) -> None:
    assert [index for index, _ in _said(_post(service, body))] == [0]


def test_a_header_of_a_cloud_event_is_given_once_and_in_percent_encoding(service: Service) -> None:
    binary = {f"ce-{name}": value for name, value in ENVELOPE.items()}
    assert _post(service, EVENT, **binary, **{"ce-causationid": "%C3%A9%20x"}).status_code == 202
    assert dict(service.log.sent[0].headers)["ce_causationid"] == "é x".encode()
    assert _said(_post(service, EVENT, **binary, **{"ce-causationid": "%FF"})) == [(0, "ce-causationid")]
    headers = [("content-type", "application/json"), *binary.items(), ("ce-id", "again")]
    twice = service.client.post("/events", content=json.dumps(EVENT), headers=headers)
    assert _said(twice) == [(0, "ce-id")]


def test_without_an_acknowledgement_nothing_is_accepted(service: Service) -> None:
    service.log.away = True
    answer = _post(service, EVENT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_body_may_have_four_mebibytes_also_when_it_does_not_say_how_long_it_is(service: Service) -> None:
    large = [{**ENVELOPE, "data": {**EVENT, "id": f"vigil:{n}", "description": "x" * 1_000_000}} for n in range(4)]
    assert _post(service, large, BATCH).status_code == 202
    larger = json.dumps(large).encode() + b" " * 300_000
    assert _post(service, larger, BATCH).status_code == 413
    pieces = (larger[at : at + 65_536] for at in range(0, len(larger), 65_536))
    answer = service.client.post("/events", content=pieces, headers={"content-type": BATCH})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
