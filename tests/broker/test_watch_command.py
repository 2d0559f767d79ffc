"""`vigil watch` and `vigil feeds` on a real broker: a new start goes on where the last one was."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from eventlog.broker import BrokerLog
from schemas.topics import FEED_POSITIONS, INCIDENTS, POLITICAL
from tests.unit.producers.provider_server import ProviderServer, Reply, Request, validated
from tests.unit.producers.test_watching import event, zipped

HOME = Path(__file__).parents[2]
pytestmark = pytest.mark.broker


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer().running() as running:
        yield running


class Command:
    """`vigil` on a log of its own."""

    def __init__(self, broker: str, prefix: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.where = ["--bootstrap-servers", broker, "--topic-prefix", prefix]
        self.broker, self.prefix, self.capfd = broker, prefix, capfd
        self.stderr = ""

    def __call__(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        assert run([*arguments, *self.where]) == code
        captured = self.capfd.readouterr()
        self.stderr = captured.err
        return [json.loads(line) for line in captured.out.splitlines()]

    def count(self, *topics: str) -> int:
        log = BrokerLog(self.broker)
        try:
            return sum(1 for topic in topics for _ in log.read(self.prefix + topic))
        finally:
            log.close()


@pytest.fixture
def vigil(broker: str, topic_prefix: str, capfd: pytest.CaptureFixture[str]) -> Command:
    return Command(broker, topic_prefix, capfd)


def gdelt_row(number: int) -> bytes:
    """A row of GDELT 2.0: 61 columns, an assault in Mali."""
    cells = [""] * 61
    cells[:5] = [str(number), "20241231", "202412", "2024", "2024.9973"]
    cells[25:35] = ["1", "180", "180", "18", "4", "-9.0", "1", "1", "1", "-5.0"]
    cells[51:59] = ["1", "Mali", "ML", "ML", "", "17", "-4", "ML"]
    cells[59:] = ["20241231101500", "http://news.example/a"]
    return "\t".join(cells).encode() + b"\n"


def publish_gdelt(server: ProviderServer, stamp: str, number: int) -> None:
    packed = zipped(gdelt_row(number))
    server.answers[f"/v2/{stamp}.export.CSV.zip"] = Reply(packed)
    md5 = hashlib.md5(packed).hexdigest()
    listing = f"{len(packed)} {md5} http://a/v2/{stamp}.export.CSV.zip\n".encode()
    server.answers["/v2/lastupdate.txt"] = validated(Reply(listing), etag=md5)


def test_gdelt_is_read_on_by_every_new_start(server: ProviderServer, vigil: Command) -> None:
    watch = ("watch", "gdelt", "--from", server.url + "/v2/lastupdate.txt", "--once")
    publish_gdelt(server, "20241231101500", 1)
    [line] = vigil(*watch)
    assert (line["read"], line["published"], line["dead_lettered"]) == (1, 1, 0)
    assert "the newest was made known 2024-12-31" in vigil.stderr
    assert vigil(*watch) == []
    publish_gdelt(server, "20241231103000", 2)
    publish_gdelt(server, "20241231104500", 3)
    assert vigil(*watch)[0]["published"] == 2
    assert vigil.count(INCIDENTS, POLITICAL) == 3
    [feed] = vigil("feeds")
    assert (feed["feed"], feed["from"]) == ("gdelt", server.url + "/v2/lastupdate.txt")
    assert feed["age_seconds"] > 86_400
    assert 0 <= feed["checked_seconds"] < 60
    assert run(["feeds", "--table", *vigil.where]) == 0
    assert "lastupdate.txt" in vigil.capfd.readouterr().out


def test_acled_is_read_with_an_account_from_the_environment_that_is_never_told(
    server: ProviderServer, vigil: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = ("watch", "acled", "--from", server.url, "--once")
    assert vigil(*watch, code=2) == []
    monkeypatch.setenv("VIGIL_ACLED_USER", "somebody@example.org")
    monkeypatch.setenv("VIGIL_ACLED_PASSWORD", "hunter2hunter2")
    row = {"event_id_cnty": "MLI1", "event_date": "2024-12-30", "year": "2024", "time_precision": "1"}
    row |= {"disorder_type": "Political violence", "event_type": "Battles", "sub_event_type": "Armed clash"}
    row |= {
        "actor1": "Military Forces of Mali (2021-)",
        "inter1": "State forces",
        "actor2": "Ours",
        "inter2": "Rebel group",
    }
    row |= {
        "iso": "466",
        "country": "Mali",
        "admin1": "Kidal",
        "location": "Kidal",
        "latitude": "18.4",
        "longitude": "1.4",
    }
    row |= {"geo_precision": "1", "fatalities": "3", "notes": "Made up.", "timestamp": "1735600000"}

    def answer(found: list[dict[str, str]]) -> Reply:
        return Reply(json.dumps({"status": 200, "success": True, "count": len(found), "data": found}).encode())

    def read(request: Request) -> Reply:
        return answer([row] if int(request.query.get("timestamp", "0")) <= 1735600000 else [])

    server.answers |= {
        "/oauth/token": Reply(b'{"access_token": "t", "expires_in": 86400}'),
        "/api/acled/read": read,
        "/api/deleted/read": answer([]),
    }
    assert vigil(*watch)[0]["published"] == 1
    told = vigil.stderr
    assert vigil(*watch) == []
    server.answers["/api/deleted/read"] = answer(
        [{"event_id_cnty": "MLI1", "deleted_timestamp": str(int(time.time()))}]
    )
    assert vigil(*watch)[0]["published"] == 1
    server.answers["/oauth/token"] = Reply(status=401)
    assert vigil(*watch, code=1) == []
    assert "hunter2" not in told + vigil.stderr
    assert vigil.count(INCIDENTS) == 2


def test_trouble_is_waited_out_as_long_as_the_provider_asks_and_then_given_up(
    server: ProviderServer, vigil: Command
) -> None:
    left = [Reply(status=429, headers={"retry-after": "1"}), Reply(event("a"))]
    server.answers["/a"] = lambda _: left.pop(0)
    assert vigil("watch", "vigil", "--from", server.url + "/a", "--once")[0]["published"] == 1
    assert "answered 429; next look in 2 s" in vigil.stderr
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("producers.watching.watch.FIRST_PAUSE_SECONDS", 0.01)
        server.answers["/a"] = Reply(status=500)
        vigil("watch", "vigil", "--from", server.url + "/a", "--once", code=1)
    assert "given up after 4 looks" in vigil.stderr


def test_a_folder_is_watched_until_a_signal_and_after_a_kill_nothing_is_published_twice(
    vigil: Command, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(event(name))
        os.utime(path, (1e9, 1e9))
    command = [sys.executable, "-m", "cli", "watch", "vigil", "--from", str(tmp_path), "--every", "0.1", *vigil.where]
    for number, killed in enumerate((True, False)):
        with subprocess.Popen(command, cwd=HOME, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            # Its first look has ended when it says when the next one is.
            while "next look" not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == (-signal.SIGKILL if killed else 0), number
    assert vigil.count(INCIDENTS) == 2
    assert vigil.count(FEED_POSITIONS) >= 2


def test_each_file_of_un_fatalities_is_a_release(vigil: Command, tmp_path: Path) -> None:
    header = "id,incident_date,casualty_id,mission_acronym,type_of_casualty,gender,casualty_nationality,"
    header += "casualty_personnel_type,type_of_incident,m49_code,isocode3,last_update\n"
    row = "1,2019-01-{day},M-2019-01-000{day},MINUSMA,Fatality,Male,Chad,Military,Malicious Act,148,TCD,{update}\n"
    for name, days, update in (("old.csv", (20, 25, 30), "2023-01-01"), ("new.csv", (20, 30), "2023-02-01")):
        path = tmp_path / name
        path.write_text(header + "".join(row.format(day=day, update=update) for day in days))
        os.utime(path, (1e9, 1e9))
    # By name the newer one comes first: the older one's event that it no longer has goes all the same.
    [line] = vigil("watch", "un-fatalities", "--from", str(tmp_path), "--once")
    assert (line["read"], line["published"], line["withdrawn"]) == (5, 5, 1)
    assert vigil.count(INCIDENTS) == 6
    assert vigil("watch", "un-fatalities", "--from", str(tmp_path), "--once") == []


def test_a_folder_that_is_none_is_one_line(vigil: Command, tmp_path: Path) -> None:
    assert vigil("watch", "vigil", "--from", str(tmp_path / "absent"), "--once", code=1) == []
    assert vigil.stderr == f"vigil: {tmp_path / 'absent'} is no folder\n"
