"""`python -m tests.bench.replay [--events N] [--keep FOLDER] [--profile]`: the speed and the memory of a replay.

All events of all feeds at hand, repeated under fresh ids and in other countries until there are N, written once as an
archive as `vigil archive` writes it; then a process of its own reads it, and computes the final windows and the
standing alerts of the default rules as `vigil replay` does. Prints one JSON object; with --profile the functions that
take the most time go to stderr.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from cli.archives.reading import Reading, read_taken
from cli.archives.replayed import uncollected
from cli.ruling.files import default_rules
from eventlog.archive import ArchiveWriter, Row, count_rows
from producers.feeds import FEEDS
from producers.rows import Published
from schemas.event import check_event
from schemas.rule_text import parse_rules
from schemas.topics import INCIDENTS, POLITICAL, events_topic
from tests.bench.adapters import FULL_FILES, contents
from tests.bench.material import many
from tests.bench.measure import peak_mib, resident_mib
from tests.campaign.material import ROOT
from timeline.identity import assertion, encode
from timeline.replay import alerts_lines, windows_lines
from timeline.rollup import Rollup

Json = dict[str, Any]
PART_ROWS = 25_000
FUNCTIONS = 45
EVERY_SECONDS = 0.005


def rows() -> list[Json]:
    """Every distinct event of the files at hand, of all feeds, as JSON."""
    found: dict[str, Json] = {}
    for feed in FULL_FILES:
        for content in contents(feed):
            for row in FEEDS[feed](io.BytesIO(content), "file"):
                if isinstance(row, Published):
                    said = json.loads(encode(assertion(row.event)))
                    found.setdefault(said["id"], said)
    return list(found.values())


def write_archive(folder: Path, events: Iterator[Json]) -> None:
    """Write these events as an archive of parts as `vigil archive` makes them."""
    offsets = {INCIDENTS: 0, POLITICAL: 0}
    with ArchiveWriter(folder, {INCIDENTS: "a", POLITICAL: "b"}) as archive:
        while chunk := list(itertools.islice(events, PART_ROWS)):
            before = dict(offsets)
            written = []
            for said in chunk:
                topic = events_topic(said["type"])
                written.append(_row(topic, offsets[topic], said))
                offsets[topic] += 1
            archive.add(written, {(topic, 0): end for topic, end in offsets.items() if end > before[topic]})


def _row(topic: str, offset: int, said: Json) -> Row:
    statement = assertion(check_event(said))
    stamp, document, event = statement.stamp, statement.document, encode(statement)
    return Row(
        topic,
        0,
        offset,
        appended=1_767_225_600_000,
        key=statement.id.encode(),
        headers=(),
        payload=event,
        ingest_time=stamp.publish_time,
        id=statement.id,
        source=document["source"],
        type=document["type"],
        state=document["state"],
        sequence=stamp.sequence,
        publish_time=stamp.publish_time,
        content=stamp.content,
        event=event.decode(),
    )


def measure(folder: Path) -> Json:
    """Replay the archive, in this process; seconds are of CPU."""
    rules = parse_rules(default_rules())
    count, before = count_rows(folder), resident_mib(os.getpid())
    started, cpu = time.perf_counter(), time.process_time()
    rollup, reading, spent = Rollup(rules), Reading(), {}
    with uncollected():
        for each in read_taken([str(folder)], reading, tell=print):
            rollup.apply(each.statement)
        spent["read and apply"] = time.process_time() - cpu
        rollup.settle()
        spent["settle"] = time.process_time() - cpu - sum(spent.values())
        windows = sum(1 for _ in windows_lines(rollup))
        alerts = sum(1 for _ in alerts_lines(rollup))
        spent["write out"] = time.process_time() - cpu - sum(spent.values())
        seconds, total = time.perf_counter() - started, time.process_time() - cpu
    peak = peak_mib(os.getpid())
    return {
        "events": count,
        "scopes": windows,
        "alerts": alerts,
        "events a second": round(count / seconds),
        "events a second of CPU": round(count / total),
        "CPU microseconds an event": {name: round(each / count * 1e6, 1) for name, each in spent.items()},
        "peak memory, MiB": peak,
        "kB an event": round((peak - before) * 1024 * 1.024 / count, 2),
    }


def read_only(folder: Path) -> float:
    """Return the CPU microseconds an event of reading alone."""
    started = time.process_time()
    count = sum(1 for _ in read_taken([str(folder)], Reading(), tell=print))
    return round((time.process_time() - started) / count * 1e6, 1)


def _measured(folder: Path, *options: str) -> Json:
    command = [sys.executable, "-m", "tests.bench.replay", "--measure", str(folder), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: Json = json.loads(done.stdout)
    return found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="write the archive here, or take the one that is here")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure is not None:
        print(json.dumps(_profiled(asked.measure) if asked.profile else measure(asked.measure)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary) / "archive"
        if not folder.exists():
            write_archive(folder, many(rows(), asked.events))
        found = _measured(folder, *(["--profile"] if asked.profile else []))
        found["CPU microseconds an event"]["read"] = read_only(folder)
    print(json.dumps({**found, "python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}))


def _profiled(folder: Path) -> Json:
    """Measure, and say on stderr in which functions, and under which, it was found every few milliseconds."""
    inside: Counter[str] = Counter()
    under: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        names = []
        while frame is not None:
            code = frame.f_code
            names.append(f"{code.co_filename.removeprefix(str(ROOT) + os.sep)} {code.co_qualname}")
            frame = frame.f_back
        inside.update(names[:1])
        under.update(set(names))

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    found = measure(folder)
    signal.setitimer(signal.ITIMER_PROF, 0)
    for title, counted in (("in", inside), ("in or under", under)):
        print(f"% of the time {title} a function", file=sys.stderr)
        for name, count in counted.most_common(FUNCTIONS):
            print(f"{count / inside.total() * 100:6.1f} {name}", file=sys.stderr)
    return found


if __name__ == "__main__":
    main()
