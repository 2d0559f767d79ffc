"""The log into an archive and back, on a real broker: killed at any moment, run again, restored."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.archives.log import Archived, Restoring, append_log, read_known, restore_log
from cli.archives.reading import Reading, read_taken
from cli.main import run
from eventlog.archive import ArchiveWriter, read_rows
from eventlog.topics import create_topics, topic_ids
from eventlog.writing import Writer
from processors.settings import WorkerSettings
from schemas.errors import Failed
from schemas.topics import INCIDENTS, POLITICAL
from subscribers.timeline import read_taken as read_timeline
from tests.events import event as attack
from tests.outcome import ledger_lag, publish, records
from tests.processes import ROOT, WorkerProcess, until

pytestmark = pytest.mark.broker
Json = dict[str, Any]

# Archives in parts of 25 rows, so that a kill comes in the middle.
CHILD = """
import asyncio, sys
from pathlib import Path
from cli.archives.log import append_log
folder, bootstrap, prefix = sys.argv[1:]
asyncio.run(append_log(Path(folder), bootstrap, topic_prefix=prefix, on_progress=lambda *_: None, part_rows=25))
"""


def event(number: int, **more: Any) -> Json:
    return attack(number, **{"type": "coup" if number % 7 == 0 else "attack"} | more)


def archive(settings: WorkerSettings, folder: Path, **options: Any) -> Archived:
    return asyncio.run(
        append_log(folder, settings.bootstrap, topic_prefix=settings.prefix, on_progress=lambda *_: None, **options)
    )


def restore(settings: WorkerSettings, folder: Path) -> Restoring:
    known = asyncio.run(read_known(settings.bootstrap, topic_prefix=settings.prefix))
    return restore_log(
        folder,
        settings.bootstrap,
        known,
        topic_prefix=settings.prefix,
        tell=lambda _: None,
        on_progress=lambda _: None,
    )


def places(settings: WorkerSettings) -> list[tuple[str, int, int, bytes | None]]:
    return sorted(
        (topic, record.partition, record.offset, record.value)
        for topic in (INCIDENTS, POLITICAL)
        for record in records(settings, topic)
    )


def archived_places(folder: Path) -> list[tuple[Any, ...]]:
    return [row for batch in read_rows(folder, ("topic", "partition", "offset", "payload")) for row in batch]


def ingest_axis(settings: WorkerSettings) -> dict[tuple[str, str], int | None]:
    """When each assertion of the timeline was taken in."""
    taken = asyncio.run(read_timeline(settings.bootstrap, topic_prefix=settings.prefix))
    return {(each.statement.id, str(each.statement.stamp)): each.ingest_time for each in taken}


def wait_until_read(settings: WorkerSettings) -> None:
    until(lambda: not any(ledger_lag(settings).values()), poll_seconds=0.1)


def test_killed_again_and_again_it_has_every_record_once(settings: WorkerSettings, tmp_path: Path) -> None:
    publish(settings, [event(number) for number in range(2_000)])
    folder = tmp_path / "archive"
    kills = 0
    for wanted in (1, 7, 20, 41):
        kills += _killed_at(wanted, folder, settings)
        found = archived_places(folder)
        assert len(found) == len(set(found))
    assert kills == 4
    done = archive(settings, folder)
    assert done.rows == 2_000
    assert 0 < done.appended < 2_000
    assert sorted(archived_places(folder)) == places(settings)
    assert not list(folder.glob("*.half"))


def test_a_second_run_appends_only_what_is_new(settings: WorkerSettings, tmp_path: Path) -> None:
    publish(settings, [event(number) for number in range(100)])
    assert (archive(settings, tmp_path).appended, archive(settings, tmp_path).appended) == (100, 0)
    before = {path: path.read_bytes() for path in tmp_path.glob("*.parquet")}
    publish(settings, [event(number) for number in range(90, 120)])
    again = archive(settings, tmp_path)
    assert (again.appended, again.parts, again.rows) == (30, 1, 130)
    assert all(path.read_bytes() == content for path, content in before.items())
    assert sorted(archived_places(tmp_path)) == places(settings)


def test_the_ingest_axis_survives_in_another_log(
    settings: WorkerSettings, ledger: WorkerProcess, tmp_path: Path
) -> None:
    publish(settings, [event(number) for number in range(60)])
    time.sleep(0.3)
    corrected = [event(number, publish_time="2021-04-05T00:00:00Z", title="corrected") for number in range(30)]
    publish(settings, corrected)
    publish(settings, corrected[:10])
    structured = {"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": event(5_000)}
    with Writer(settings.bootstrap) as writer:
        topic = settings.topic(INCIDENTS)
        content_type = ("content-type", b"application/cloudevents+json; charset=utf-8")
        writer.send(topic, key=b"vigil:5000", value=json.dumps(structured).encode(), headers=[content_type])
        writer.send(topic, key=b"vigil:6", value=b"{")
        writer.send(
            topic,
            key=b"vigil:6001",
            value=json.dumps(event(6_001)).encode(),
            headers=[("ce_recordedtime", b"2022-05-01T10:00:00.25Z"), ("own", b"\xff")],
        )
    wait_until_read(settings)
    done = archive(settings, tmp_path / "a")
    assert (done.appended, done.refused) == (103, 1)
    original = ingest_axis(settings)
    assert len(set(original.values())) > 2
    assert original["vigil:6001", next(stamp for id_, stamp in original if id_ == "vigil:6001")] == 1651399200250000

    other = WorkerSettings(
        bootstrap=settings.bootstrap, prefix=settings.prefix + "restored.", session_seconds=6.0, log_level="debug"
    )
    create_topics(other.bootstrap, prefix=other.prefix)
    # Twice before the ledger has read anything, so all of it is sent twice; then once more.
    for _ in range(2):
        done_again = restore(other, tmp_path / "a")
        assert (done_again.read, done_again.restored, done_again.known, done_again.refused) == (103, 92, 10, 1)
    worker = WorkerProcess("ledger", other)
    try:
        worker.wait_for("batch", phase="acked")
        wait_until_read(other)
        assert ingest_axis(other) == original
        third = restore(other, tmp_path / "a")
        assert (third.restored, third.known, third.refused) == (0, 102, 1)
        # Of the restored log the archive says the same again: nothing wears off.
        archive(other, tmp_path / "b")
        assert _taken(tmp_path / "b") == _taken(tmp_path / "a") == original
        own = [dict(record.headers).get("own") for record in records(other, INCIDENTS) if record.key == b"vigil:6001"]
        assert own == [b"\xff", b"\xff"]
    finally:
        worker.kill()


def test_another_log_or_one_that_lost_records_is_refused(settings: WorkerSettings, tmp_path: Path) -> None:
    publish(settings, [event(number) for number in range(10)])
    archive(settings, tmp_path)
    other = WorkerSettings(bootstrap=settings.bootstrap, prefix=settings.prefix + "other.")
    create_topics(other.bootstrap, prefix=other.prefix)
    with pytest.raises(Failed, match="archive of another log"):
        archive(other, tmp_path)
    ids = topic_ids(settings.bootstrap, (INCIDENTS, POLITICAL), prefix=settings.prefix)
    with ArchiveWriter(tmp_path, ids) as writer:
        writer.add([], {(INCIDENTS, 0): 1_000})
    with pytest.raises(Failed, match="the archive reaches 1000"):
        archive(settings, tmp_path)


def test_the_commands_say_what_they_did(
    settings: WorkerSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(settings, [event(number) for number in range(10)])
    options = ["--bootstrap-servers", settings.bootstrap, "--topic-prefix", settings.prefix]
    folder = str(tmp_path / "archive")
    assert run(["archive", folder, *options]) == 0
    assert run(["archive", "append", folder, *options]) == 0
    assert run(["archive", *options, "restore", folder]) == 0
    assert run(["replay", "--archive", folder]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == {"appended": 10, "parts": 1, "refused": 0, "rows": 10}
    assert told[1] == {"appended": 0, "parts": 0, "refused": 0, "rows": 10}
    # No ledger runs, so the log's timeline knows nothing.
    assert told[2] == {"known": 0, "read": 10, "refused": 0, "restored": 10}
    assert len(told) == 3 + 10


def _killed_at(parts: int, folder: Path, settings: WorkerSettings) -> bool:
    """Archive until there are so many parts; return whether the kill came before the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), settings.bootstrap, settings.prefix], cwd=ROOT
    )
    until(lambda: len(list(folder.glob("part-*.parquet"))) >= parts or process.poll() is not None)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _taken(folder: Path) -> dict[tuple[str, str], int | None]:
    """When each assertion of the archive was first taken in."""
    first: dict[tuple[str, str], int | None] = {}
    for each in read_taken([str(folder)], Reading(), tell=lambda _: None):
        first.setdefault((each.statement.id, str(each.statement.stamp)), each.ingest_time)
    return first
