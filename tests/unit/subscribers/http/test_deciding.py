"""What people decide by HTTP is checked as on the command line, and recorded under the name of whoever may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.command import Command
from schemas.topics import ALERTS, COMMANDS, RULES
from subscribers.commands import command_record
from tests.read_model import Log
from tests.unit.subscribers.http.wired import NOW, Service
from tests.unit.timeline.people_parts import superseded, transition
from timeline.times import time_text

OPEN, ACKNOWLEDGED, CANCELLED, HEIR, OLD = (letter * 64 for letter in "abcde")
RULE = {"id": "deadly-week", "kind": "threshold", "title": "T", "scope": "country", "severity": "moderate",
        "measure": "killed", "window": "7d", "reaches": 100, "ends_below": 60}  # fmt: skip
LATER = "2026-11-24T18:00:00Z"


def _log() -> Log:
    log = Log()
    log.append(RULES, "", json.dumps({"rules": [RULE]}).encode())
    told = [
        transition(OPEN),
        transition(ACKNOWLEDGED),
        transition(CANCELLED),
        transition(CANCELLED, "cancelled", at=5),
        transition(OLD),
        transition(HEIR, at=6),
        superseded(OLD, HEIR, at=6),
    ]
    for each in told:
        document = json.dumps({name: said for name, said in each.items() if name != "told"}).encode()
        log.append(ALERTS, each["scope"], document)
    _say(log, {"command": "acknowledge", "id": "1" * 32, "by": "Ben", "thread": ACKNOWLEDGED})
    return log


def _say(log: Log, said: dict[str, Any]) -> None:
    key, value, _ = command_record(Command.model_validate_json(json.dumps(said)).root)
    log.append(COMMANDS, key.decode(), value)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path, _log())


def _sent(service: Service) -> dict[str, Any]:
    record = service.log.sent[-1]
    assert record.topic == "p." + COMMANDS
    said: dict[str, Any] = json.loads(record.value)
    assert record.key.decode() == said.get("thread", said.get("silence", said["id"]))
    assert list(record.headers) == [("content-type", b"application/json")]
    return said


def test_an_acknowledgement_is_answered_as_the_log_took_it(service: Service) -> None:
    answer = service.client.post(f"/alerts/{OPEN}/acknowledge", json={"by": "Awa", "comment": "on it"})
    assert answer.status_code == 201, answer.text
    said = _sent(service)
    assert {**said, "id": ""} == {"command": "acknowledge", "id": "", "by": "Awa", "thread": OPEN, "comment": "on it"}
    position = {"topic": "p." + COMMANDS, "partition": 3, "offset": 0}
    assert answer.json() == {"command": said, "when": time_text(NOW), "position": position}


def test_what_is_said_of_a_thread_that_ended_is_said_of_the_one_that_goes_on(service: Service) -> None:
    assert service.client.post(f"/alerts/{OLD}/comments", json={"by": "Awa", "text": "seen"}).status_code == 201
    assert _sent(service)["thread"] == HEIR


@pytest.mark.parametrize(
    "path", [f"/alerts/{'9' * 64}/acknowledge", "/alerts/x/acknowledge", "/alerts/aaaa/acknowledge"]
)
def test_an_unknown_thread_is_not_there(service: Service, path: str) -> None:
    answer = service.client.post(path, json={"by": "Awa"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("path", ["/silences", f"/alerts/{OPEN}/acknowledge", f"/alerts/{OPEN}/comments"])
@pytest.mark.parametrize("body", [b'{"by": ', b'{"by": "\xff"}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_told_so(service: Service, path: str, body: bytes) -> None:
    answer = service.client.post(path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")
    assert answer.json()["detail"].startswith("no valid JSON: ")
    documented = service.client.get("/openapi.json").json()["paths"][path.replace(OPEN, "{thread}")]["post"]
    assert "400" in documented["responses"]


def test_a_form_that_is_not_taken_is_named(service: Service) -> None:
    answer = service.client.post("/silences", content=b"{}", headers={"content-type": "text/plain"})
    assert answer.json()["detail"] == "expected Content-Type application/json, found text/plain"


def test_what_was_acknowledged_or_cancelled_cannot_be_acknowledged(service: Service) -> None:
    again = service.client.post(f"/alerts/{ACKNOWLEDGED}/acknowledge", json={"by": "Awa"})
    assert again.status_code == 409
    assert again.json()["by"] == "Ben" and again.json()["when"].startswith("2026-11-24T12:00:")
    gone = service.client.post(f"/alerts/{CANCELLED}/acknowledge", json={"by": "Awa"})
    assert gone.status_code == 409 and "was cancelled at" in gone.json()["detail"]
    assert not service.log.sent
    assert service.client.post(f"/alerts/{CANCELLED}/comments", json={"by": "Awa", "text": "why?"}).status_code == 201


def test_a_command_is_recorded_under_the_name_of_the_token(service: Service) -> None:
    token = service.token("Chipo", "operate")
    path, text = f"/alerts/{OPEN}/comments", {"text": "seen"}
    assert service.client.post(path, json=text, headers=token).status_code == 201
    assert _sent(service)["by"] == "Chipo"
    assert service.client.post(path, json={**text, "by": "Chipo"}, headers=token).status_code == 201
    for body, headers in (({**text, "by": "Awa"}, token), (text, {}), ({**text, "by": " "}, {})):
        answer = service.client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "by")
    assert len(service.log.sent) == 2


def test_a_repeat_with_the_same_key_is_the_same_command(service: Service, tmp_path: Path) -> None:
    def post(
        service: Service, path: str = f"/alerts/{OPEN}/acknowledge", key: str = "k1", by: str = "Awa", **body: str
    ) -> Any:
        return service.client.post(path, json={"by": by, **body}, headers={"Idempotency-Key": key})

    first, second = post(service), post(service)
    assert first.json()["command"] == second.json()["command"]
    others = [post(service, key="k2"), post(service, by="Ben"), post(service, f"/alerts/{OPEN}/comments", text="x")]
    assert len({each.json()["command"]["id"] for each in [first, *others]}) == 4
    log = _log()
    _say(log, first.json()["command"])
    (tmp_path / "later").mkdir()
    later = Service(tmp_path / "later", log)
    known = post(later)
    assert (known.status_code, known.json()["command"]) == (201, first.json()["command"])
    assert not later.log.sent
    assert post(later, comment="another").json()["errors"][0]["field"] == "Idempotency-Key"
    assert post(later, key="k2").status_code == 409
    assert post(later, key="").status_code == 422


def test_a_silence_is_begun_listed_and_ended(service: Service, tmp_path: Path) -> None:
    body = {"by": "Awa", "scope": "country:MLI", "rule": "deadly-week", "until": LATER, "comment": "known"}
    begun = service.client.post("/silences", json=body)
    assert begun.status_code == 201, begun.text
    command = begun.json()["command"]
    assert {**command, "id": ""} == {"command": "silence", "id": "", **body}
    log = _log()
    _say(log, command)
    _say(log, {**command, "id": "2" * 32, "until": "2026-11-24T12:10:00Z"})
    (tmp_path / "later").mkdir()
    later = Service(tmp_path / "later", log)
    listed = later.client.get("/silences").json()["silences"]
    assert [(each["id"], each["in_force"]) for each in listed] == [(command["id"], True)]
    every = later.client.get("/silences?all=true").json()["silences"]
    assert [each["in_force"] for each in every] == [True, False]
    ended = later.client.delete(f"/silences/{command['id']}?by=Ben")
    assert ended.status_code == 200, ended.text
    assert _sent(later)["silence"] == command["id"]
    assert later.client.delete(f"/silences/{'2' * 32}?by=Ben").status_code == 409
    assert later.client.delete(f"/silences/{'3' * 32}?by=Ben").status_code == 404
    assert later.client.delete(f"/silences/{command['id']}").json()["errors"][0]["field"] == "by"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"scope": None, "rule": None}, "scope"),
        ({"scope": "country:XXX"}, "scope"),
        ({"scope": "nowhere"}, "scope"),
        ({"rule": "no-such-rule"}, "rule"),
        ({"until": "2026-11-24T12:00:00Z"}, "until"),
        ({"until": "soon"}, "until"),
        ({"comment": " "}, "comment"),
        ({"whatever": 1}, "whatever"),
    ],
)
def test_a_silence_over_what_cannot_be_is_refused(service: Service, changed: dict[str, Any], field: str) -> None:
    body = {"by": "Awa", "scope": "country:MLI", "rule": "deadly-week", "until": LATER, "comment": "known", **changed}
    answer = service.client.post("/silences", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert not service.log.sent


def test_a_form_that_a_foreign_page_could_send_is_refused(service: Service) -> None:
    body = json.dumps({"by": "Awa", "text": "seen"})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = service.client.post(f"/alerts/{OPEN}/comments", content=body, headers={"content-type": kind})
        assert answer.status_code == 415
