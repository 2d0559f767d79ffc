"""The same replay, whatever its archive is cut into, in whatever order, in whichever year: the same bytes.

Each is a process of its own, with another seed for the hashes of text, and with the system clock ten years off.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from cli.archives.rows import row_of
from eventlog.archive import ArchiveWriter
from eventlog.record import Record
from schemas.topics import INCIDENTS, POLITICAL, events_topic
from tests.archives import TOPIC_IDS, Json
from tests.campaign.material import ROOT, SAMPLES, events_of, with_changes

HOME = Path(__file__).parents[3]
TEN_YEARS = 315_576_000
# Loaded by the interpreter before anything else: every way to ask for the time answers ten years on.
SHIFTED = f"""
import datetime, os, sys, time

def later(ask, by):
    return lambda *arguments: ask(*arguments) + by

def broken_down(ask):
    return lambda seconds=None: ask(time.time() if seconds is None else seconds)

time.time, time.time_ns = later(time.time, {TEN_YEARS}), later(time.time_ns, {TEN_YEARS} * 10**9)
time.gmtime, time.localtime = broken_down(time.gmtime), broken_down(time.localtime)
time.clock_gettime, time.clock_gettime_ns = (
    lambda clock, ask=time.clock_gettime: ask(clock) + {TEN_YEARS},
    lambda clock, ask=time.clock_gettime_ns: ask(clock) + {TEN_YEARS} * 10**9,
)

class Date(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())

class DateTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.utcfromtimestamp(time.time())

    @classmethod
    def today(cls):
        return cls.now()

datetime.date, datetime.datetime = Date, DateTime
sys.stderr.write("the year is %d\\n" % datetime.datetime.now().year)
"""
OUTPUTS = {
    "timeline": ("--output", "timeline"),
    "windows": ("--output", "windows"),
    "aggregates": ("--output", "aggregates", "--country", "MLI"),
    "alerts": ("--output", "alerts"),
    "history by publication": ("--history",),
    "history by intake": ("--history", "--axis", "ingest"),
}


class Way(NamedTuple):
    """One way in which the same log may lie on the disk: rows a part, partitions a topic, archives, seed."""

    rows: int
    partitions: int
    archives: int
    seed: int
    shifted: bool = False


PLAIN = Way(rows=100_000, partitions=1, archives=1, seed=0)
WAYS = [
    Way(rows=97, partitions=8, archives=1, seed=1),
    Way(rows=300, partitions=3, archives=4, seed=2),
    Way(rows=211, partitions=5, archives=2, seed=3, shifted=True),
]


def said() -> list[Json]:
    """Real events of three feeds, with repeats, corrections and withdrawals among them."""
    mali = [*events_of(ROOT / "samples" / "mali-2021.jsonl", "vigil"), *events_of(SAMPLES / "mali-niger.csv")]
    peacekeepers = list(events_of(ROOT / "samples" / "un-fatalities" / "minusma.csv", "un-fatalities"))
    return with_changes([*mali, *peacekeepers], Random("said"))


def taken_ms(number: int) -> int:
    """When the log took an assertion: eight a day, from the last day on which any was published."""
    return 1_704_067_200_000 + number * 3 * 3_600_000


def lay_down(folder: Path, log: Sequence[Json], way: Way) -> list[str]:
    """Write the log as archives, and return their names; the records of one event keep their order."""
    random = Random(way.seed)
    by_place: dict[int, list[tuple[int, Json]]] = {}
    for number, each in enumerate(log):
        key = int(hashlib.sha256(f"{way.seed} {each['id']}".encode()).hexdigest(), 16)
        by_place.setdefault(key % (way.archives * way.partitions), []).append((number, each))
    names = []
    for archive in range(way.archives):
        records: list[Record] = []
        for partition in range(way.partitions):
            offsets = {INCIDENTS: 0, POLITICAL: 0}
            for number, each in by_place.get(archive * way.partitions + partition, ()):
                topic = events_topic(each["type"])
                value = json.dumps(each).encode()
                place = topic, partition, offsets[topic], taken_ms(number)
                records.append(Record(*place, each["id"].encode(), value, ()))
                offsets[topic] += 1
        names.append(str(write_parts(folder / f"archive-{archive}", records, way.rows)))
    random.shuffle(names)
    return names


def write_parts(folder: Path, records: Sequence[Record], rows: int) -> Path:
    with ArchiveWriter(folder, TOPIC_IDS) as archive:
        for start in range(0, len(records), rows):
            part = [row_of(each, prefix="") for each in records[start : start + rows]]
            archive.add(part, {(row.topic, row.partition): row.offset + 1 for row in part})
    return folder


def replayed(archives: Sequence[str], output: Sequence[str], way: Way, clock: Path) -> tuple[str, int]:
    """Return the SHA-256 of what a process of its own prints, and how many lines that is."""
    search = os.pathsep.join([*([str(clock)] if way.shifted else []), str(HOME)])
    named = [part for name in archives for part in ("--archive", name)]
    done = subprocess.run(
        [sys.executable, "-m", "cli", "replay", *named, *output],
        cwd=HOME,
        env={**os.environ, "PYTHONHASHSEED": str(way.seed + 1), "PYTHONPATH": search},
        capture_output=True,
        check=True,
    )
    told = done.stderr.decode()
    assert ("the year is 203" in told) == way.shifted, told
    return hashlib.sha256(done.stdout).hexdigest(), done.stdout.count(b"\n")


@pytest.fixture(scope="module")
def log() -> list[Json]:
    return said()


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clock")
    (folder / "sitecustomize.py").write_text(SHIFTED)
    return folder


@pytest.fixture(scope="module")
def expected(log: list[Json], clock: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    archives = lay_down(tmp_path_factory.mktemp("plain"), log, PLAIN)
    found = {name: replayed(archives, output, PLAIN, clock) for name, output in OUTPUTS.items()}
    assert min(lines for _, lines in found.values()) > 50, found
    return found


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
def test_the_same_replay_has_the_same_hash(
    way: Way, log: list[Json], clock: Path, expected: dict[str, tuple[str, int]], tmp_path: Path
) -> None:
    archives = lay_down(tmp_path, log, way)
    assert {name: replayed(archives, output, way, clock) for name, output in OUTPUTS.items()} == expected


def test_a_table_is_the_same_file_too(log: list[Json], clock: Path, tmp_path: Path) -> None:
    hashes = set()
    # pyarrow crashes where the classes of datetime are ours.
    for number, way in enumerate((PLAIN, WAYS[1])):
        folder, path = tmp_path / str(number), tmp_path / f"{number}.parquet"
        output = ("--history", "--format", "parquet", "--output-file", str(path))
        replayed(lay_down(folder, log, way), output, way, clock)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1
