"""The whole service on a real broker: what it prints equals what replay prints, whatever happens to it on the way.

The tests share one service and build on each other, in this order.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from cli.archives.damage import place_of
from eventlog.node.folder import running
from eventlog.reading import end_offsets, read_to_end
from eventlog.record import Record
from eventlog.writing import Writer
from processors.teller import told_headers
from schemas.topics import AGGREGATES, ALERTS, TIMELINE
from tests.e2e.conftest import Service, Vigil, until

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SAMPLES = {
    "vigil": ["samples/mali-2021.jsonl"],
    "ucdp-ged": ["samples/ucdp-ged/sudan.csv.gz", "samples/ucdp-ged/mali-niger.csv"],
    "un-fatalities": ["samples/un-fatalities/minusma.csv"],
    "unsc": ["samples/unsc/mali.jsonl"],
}
ANSWERS = (("timeline", "timeline"), ("aggregates", "windows"), ("alerts", "alerts"))


@pytest.fixture(scope="module")
def archive(vigil: Vigil, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as `publish --as-jsonl` prints them; tests append what they publish themselves."""
    path = tmp_path_factory.mktemp("archive") / "archive.jsonl"
    printed = [vigil.run("publish", feed, *files, "--dry-run", "--as-jsonl").stdout for feed, files in SAMPLES.items()]
    path.write_text("".join(printed))
    return path


def _settle(vigil: Vigil) -> None:
    assert json.loads(vigil.answer("status", "--wait", "60"))["ready"]


def _assert_as_replayed(vigil: Vigil, archive: Path, *rules: str) -> None:
    _settle(vigil)
    for command, output in ANSWERS:
        live = vigil.answer(command)
        replayed = vigil.answer("replay", "--archive", str(archive), "--output", output, *rules)
        assert live == replayed, command
        assert live


def _event(key: str, **members: object) -> str:
    event = {
        "id": f"vigil:{key}",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z", "precision": "day"},
        "publish_time": "2024-01-02T00:00:00Z",
        "place": {"country": "MLI"},
        "mission": "MINUSMA",
        "killed": {"total": {"best": 2}, "peacekeepers": {"best": 2}},
    }
    return json.dumps(event | members) + "\n"


def _publish_own(vigil: Vigil, archive: Path, text: str) -> None:
    vigil.run("publish", "vigil", "-", stdin=text)
    with archive.open("a") as appended:
        appended.write(text)


async def _timeline_length(bootstrap: str) -> int:
    return sum((await end_offsets(bootstrap, TIMELINE)).values())


def _records(service: Service) -> int:
    return asyncio.run(_timeline_length(service.ready["bootstrap_servers"]))


def test_a_new_service_is_ready_and_has_the_default_rules(service: Service, vigil: Vigil) -> None:
    _settle(vigil)
    status = vigil.status()
    assert status["ready"]
    assert [role["role"] for role in status["roles"]] == ["broker", "ledger", "roller", "projection", "server"]
    assert all(role["pid"] for role in status["roles"])
    assert "applied the default ones" in service.told()
    assert "deadly-week" in {rule["id"] for rule in vigil.lines("rules", "list")}
    for command, _ in ANSWERS:
        assert vigil.run(command).stdout == ""


def test_what_was_published_reads_as_replay_prints_it(service: Service, vigil: Vigil, archive: Path) -> None:
    for feed, files in SAMPLES.items():
        vigil.run("publish", feed, *files)
    _assert_as_replayed(vigil, archive)
    for command, output in ANSWERS:
        replayed = vigil.run("replay", "--archive", str(archive), "--output", output).stdout
        assert vigil.run(command).stdout == replayed


def test_publishing_twice_changes_nothing(service: Service, vigil: Vigil, archive: Path) -> None:
    before = _records(service)
    for feed, files in SAMPLES.items():
        vigil.run("publish", feed, *files)
    _assert_as_replayed(vigil, archive)
    assert _records(service) == before


def test_days_and_filters_read_as_replay_prints_them(service: Service, vigil: Vigil, archive: Path) -> None:
    for live, replayed in (
        (["aggregates", "--at", "2021-10-02"], ["--output", "windows", "--at", "2021-10-02"]),
        (
            ["aggregates", "country:SDN", "--window", "7d"],
            ["--output", "windows", "--scope", "country:SDN", "--window", "7d"],
        ),
        (
            ["aggregates", "country:MLI", "--from", "2021-01-01", "--until", "2021-12-31"],
            ["--output", "aggregates", "--scope", "country:MLI", "--from", "2021-01-01", "--until", "2021-12-31"],
        ),
        (["timeline", "--country", "MLI", "--type", "coup"], ["--country", "MLI", "--type", "coup"]),
        (["alerts", "--rule", "coup"], ["--output", "alerts", "--rule", "coup"]),
    ):
        printed = vigil.answer(*live)
        assert printed == vigil.answer("replay", "--archive", str(archive), *replayed), live
        assert printed, live


def test_tables_show_the_same_to_people(service: Service, vigil: Vigil) -> None:
    table = vigil.run("timeline", "--country", "MLI", "--type", "coup", "--table").stdout
    assert "vigil:mali-coup-2012" in table
    assert "\x1b" not in table
    assert "Coup or attempted coup" in vigil.run("alerts", "--country", "MLI", "--table").stdout
    assert "365d" in vigil.run("aggregates", "country:MLI", "--table").stdout
    assert "threshold" in vigil.run("rules", "list", "--table").stdout


def test_an_alert_is_followed_shown_and_taken_back(service: Service, vigil: Vigil, archive: Path) -> None:
    _settle(vigil)
    follower = vigil.start(
        "alerts", "--follow", "--rule", "peacekeepers-killed", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert follower.stdout is not None
    assert follower.stderr is not None
    assert "following" in follower.stderr.readline()
    text = _event("followed")
    _publish_own(vigil, archive, text)
    raised = json.loads(follower.stdout.readline())
    assert (raised["transition"], raised["scope"], raised["notify"]) == ("raised", "mission:MINUSMA", True)
    _publish_own(vigil, archive, _event("followed", state="withdrawn", publish_time="2024-01-03T00:00:00Z"))
    assert json.loads(follower.stdout.readline())["transition"] == "cancelled"
    follower.send_signal(signal.SIGINT)
    assert follower.wait(10) == 130
    assert "Traceback" not in follower.communicate()[1]
    [shown] = vigil.lines("alerts", "show", raised["id"][:12])
    assert [each["transition"] for each in shown["transitions"]] == ["raised", "cancelled"]
    assert vigil.lines("timeline", "--history", "--feed", "vigil")[0]["content"]
    _assert_as_replayed(vigil, archive)


def test_a_killed_worker_comes_back_and_nothing_is_lost_or_doubled(
    service: Service, vigil: Vigil, archive: Path
) -> None:
    killed = {role: vigil.pids(role) for role in ("ledger", "roller")}
    for [pid] in killed.values():
        os.kill(pid, signal.SIGKILL)
    _publish_own(vigil, archive, _event("while-both-are-dead", publish_time="2024-01-04T00:00:00Z"))
    for role, pids in killed.items():
        until(lambda role=role, pids=pids: vigil.pids(role) not in ([], pids), seconds=30)  # type: ignore[misc]
        assert f"{role} 1 ended (signal 9)" in service.told()
    _assert_as_replayed(vigil, archive)


def test_bad_records_become_dead_letters_and_stop_nothing(service: Service, vigil: Vigil, archive: Path) -> None:
    bad = _event("bad", place={"country": "MLI", "latitude": 95}) + '{"id": "vigil:cut", "sou\n'
    done = vigil.run("publish", "vigil", "-", stdin=bad + _event("good", publish_time="2024-01-06T00:00:00Z"))
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["read"], summary["published"], summary["dead_lettered"]) == (3, 1, 2)
    with archive.open("a") as appended:
        appended.write(_event("good", publish_time="2024-01-06T00:00:00Z"))
    _assert_as_replayed(vigil, archive)


def test_other_rules_are_told_as_one_difference(service: Service, vigil: Vigil, archive: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n"
        "  - {id: bloody-month, kind: threshold, title: Over 200 killed in a month, scope: country, severity: severe,\n"
        "     measure: killed, window: 30d, reaches: 200, ends_below: 100}\n"
    )
    assert json.loads(vigil.run("rules", "apply", str(rules)).stdout)["changed"]
    assert not json.loads(vigil.run("rules", "apply", str(rules)).stdout)["changed"]
    _assert_as_replayed(vigil, archive, "--rules", str(rules))
    reasons = {each["reason"] for each in vigil.lines("alerts", "--all") if each["transition"] == "cancelled"}
    assert "the rule changed" in reasons


def _newest(bootstrap: str, topic: str, part: bytes) -> Record:
    """The newest record of the topic whose value has this in it."""

    async def read() -> list[Record]:
        batches = read_to_end(bootstrap, topic)
        return [each async for batch in batches for each in batch if part in (each.value or b"")]

    return max(asyncio.run(read()), key=lambda record: (record.timestamp_ms, record.offset))


def _with_one_byte_changed(bootstrap: str, real: Record, before: bytes, *, hashed: bool) -> str:
    """Append a record once more, the digit after this part of it changed; return where that stands.

    `hashed`: with a header that fits, as whoever forges with care would write.
    """
    value = real.value or b""
    place = value.index(before) + len(before)
    changed = value[:place] + (b"2" if value[place : place + 1] == b"1" else b"1") + value[place + 1 :]
    with Writer(bootstrap) as writer:
        headers = told_headers(changed) if hashed else real.headers
        writer.send(real.topic, key=real.key, value=changed, headers=headers, partition=real.partition)
    return place_of(_newest(bootstrap, real.topic, changed))


def test_verify_accounts_for_every_position_and_says_where_one_byte_was_changed(service: Service, vigil: Vigil) -> None:
    verdict = json.loads(vigil.run("verify").stdout)
    assert verdict["equal"]
    assert verdict["positions"]["repeats"] > 4000, "the samples were published twice"
    assert sum(verdict["positions"].values()) - verdict["positions"]["repeats"] == _records(service)

    bootstrap = service.ready["bootstrap_servers"]
    in_force = b'"rule":"bloody-month"'
    for topic, part, before, hashed, what in (
        (TIMELINE, b'"best":', b'"best":', False, "has another hash than its header says"),
        (AGGREGATES, b'"best":', b'"best":', False, "has another hash than its header says"),
        (ALERTS, in_force, b'"value":', False, "has another hash than its header says"),
        (AGGREGATES, b'"best":', b'"best":', True, "differs in windows"),
        (ALERTS, in_force, b'"value":', True, "differs in value"),
    ):
        real = _newest(bootstrap, topic, part)
        place = _with_one_byte_changed(bootstrap, real, before, hashed=hashed)
        found = vigil.run("verify", code=1)
        with Writer(bootstrap) as writer:
            writer.send(topic, key=real.key, value=real.value, headers=real.headers, partition=real.partition)
        assert not json.loads(found.stdout)["equal"]
        said = [line for line in found.stderr.splitlines() if f"{place}: " in line]
        assert len(said) == 1, found.stderr
        assert what in said[0]


def test_a_second_service_in_the_folder_is_refused(service: Service, vigil: Vigil) -> None:
    refused = vigil.run("up", code=1)
    assert refused.stderr.count("\n") == 1
    assert f"(process {service.process.pid})" in refused.stderr
    assert "belongs to `vigil up`" in vigil.run("broker", "stop", code=1).stderr
    assert vigil.status()["ready"]


def test_ctrl_c_stops_everything_and_a_second_start_knows_everything(
    service: Service, vigil: Vigil, archive: Path, tmp_path: Path
) -> None:
    before = {command: vigil.run(command).stdout for command, _ in ANSWERS}
    assert service.stop(signal.SIGINT) == 0
    assert vigil.processes() == []
    assert running(vigil.folder / "broker") is None
    status = json.loads(vigil.run("status", code=1).stdout)
    assert not status["ready"]
    starting = vigil.start("status", "--wait", "60", stdout=subprocess.PIPE)
    again = Service(vigil, "--clock", "log")
    # Whoever waited since before it started was told of every role.
    assert len(json.loads(starting.communicate(timeout=60)[0])["roles"]) == 5
    try:
        _settle(vigil)
        assert {command: vigil.run(command).stdout for command, _ in ANSWERS} == before
    finally:
        assert again.stop(signal.SIGKILL) == -signal.SIGKILL
    # The supervisor had no chance to stop them; its end alone does.
    until(lambda: vigil.processes() == [], seconds=30)
