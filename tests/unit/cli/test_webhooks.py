"""`vigil webhook`: what it prints, keeps and refuses, without a broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from subscribers.webhooks.endpoints import Endpoints
from subscribers.webhooks.outbox import Outbox
from subscribers.webhooks.retries import Progress
from tests.receiver import Answer, Receiver
from tests.unit.subscribers.webhooks.parts import message
from timeline.filters import Filters

Json = dict[str, Any]
URL = "https://desk.example.org/hooks/vigil"


class Desk:
    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd, self.said = folder, capfd, ""

    def text(self, *arguments: str, code: int = 0) -> str:
        self._capfd.readouterr()
        assert run(["webhook", *arguments, "--dir", str(self.folder)]) == code
        captured = self._capfd.readouterr()
        self.said = captured.err
        return captured.out

    def __call__(self, *arguments: str, code: int = 0) -> list[Json]:
        return [json.loads(line) for line in self.text(*arguments, code=code).splitlines()]

    def kept(self) -> Endpoints:
        return Endpoints(self.folder / "webhooks")


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capfd)


def test_a_secret_is_printed_once_and_kept_for_the_worker(desk: Desk) -> None:
    options = ("--country", "MLI", "--rule", "a", "--rule", "b", "--late", "--from-start")
    [added] = desk("add", URL, "--name", "desk", *options)
    [kept] = desk.kept().read()
    assert added["secret"] == kept.secret and added["filters"] == {"country": ["MLI"], "rule": ["a", "b"]}
    assert (kept.filters, kept.late, kept.silenced) == (Filters(country=("MLI",), rule=("a", "b")), True, False)
    assert (kept.since, added["since"]) == (0, None)
    desk("add", URL, "--silenced", "--all-transitions")
    other = desk.kept().read()[1]
    assert (other.name, other.silenced, other.all_transitions, other.since > 0) == ("desk.example.org", *[True] * 3)
    for text in (
        desk.text("list"),
        desk.text("list", "--table"),
        desk.text("disable", "desk"),
        desk.text("remove", "desk"),
    ):
        assert "desk" in text and "whsec_" not in text + desk.said
    assert [each.name for each in desk.kept().read()] == ["desk.example.org"]


def test_how_endpoints_stand_is_listed(desk: Desk) -> None:
    desk("add", URL, "--name", "a", "--from-start")
    desk("add", URL, "--name", "b", "--late", "--from-start")
    assert [(each["state"], each["behind"]) for each in desk("list")] == [("ok", 0), ("ok", 0)]
    assert "no worker" in desk.said
    outbox = Outbox.open(desk.folder / "webhooks")
    outbox.append(message(number, decision="late" if number % 3 else "notified") for number in range(9))
    [first, second] = desk.kept().read()
    outbox.save(first.id, Progress(position=1, delivered=1, attempts=3, failing_since=10**15, last_status=503))
    outbox.save(second.id, Progress(position=5, delivered=5, gone=True, attempts=1, last_status=410))
    listed = desk("list")
    assert [(each["state"], each["behind"], each["last_status"]) for each in listed] == [
        ("failing", 2, 503), ("gone", 4, 410),
    ]  # fmt: skip
    assert listed[0]["failing_since"] == "2001-09-09T01:46:40Z"
    assert "2001-09-09 01:46:40" in desk.text("list", "--table")
    desk("enable", "b")
    desk("disable", "a")
    assert [each["state"] for each in desk("list")] == ["disabled", "ok"]
    [enabled] = desk("enable", "a", "--from-now")
    assert enabled["since"] is not None
    assert [(each["state"], each["behind"]) for each in desk("list")] == [("ok", 0), ("ok", 4)]
    outbox.close()


def test_a_trial_says_what_came_back(desk: Desk) -> None:
    with Receiver(lambda number: Answer([204, 503][number], body=b"" if number == 0 else b"not now")) as receiver:
        [added] = desk("add", receiver.url, "--name", "desk")
        receiver.secret = added["secret"]
        [good] = desk("test", "desk")
        [bad] = desk("test", "desk", code=1)
    assert (good["taken"], good["status"], good["error"]) == (True, 204, None)
    assert (bad["taken"], bad["status"], bad["answer"]) == (False, 503, "not now")
    assert receiver.refused == [] and receiver.requests[0].said["type"] == "vigil.test"
    assert receiver.requests[0].id != receiver.requests[1].id
    [ugly] = desk("test", "desk", code=1)
    assert ugly["status"] is None and ugly["error"]


def test_mistakes_are_one_line_that_says_what_to_do(desk: Desk) -> None:
    desk("add", URL, "--name", "desk")
    for code, expected, arguments in [
        (2, "is no address such as", ("add", "desk.example.org")),
        (2, "without user", ("add", "https://a:b@desk.example.org/")),
        (1, "another --name", ("add", URL, "--name", "desk")),
        (2, "--name", ("add", URL, "--name", "a b")),
        (2, "alpha-3", ("add", URL, "--name", "x", "--country", "Mali")),
        (1, "vigil webhook list", ("remove", "other")),
        (1, "vigil webhook list", ("test", "other")),
        (1, "vigil webhook list", ("enable", "other")),
    ]:
        assert desk(*arguments, code=code) == []
        assert expected in desk.said and "bug" not in desk.said
    assert len(desk.kept().read()) == 1


def test_more_than_the_worker_has_room_for_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.webhooks.endpoints.MOST_ENDPOINTS", 1)
    desk("add", URL, "--name", "a")
    desk("add", URL, "--name", "b", code=1)
    assert "remove one first" in desk.said
