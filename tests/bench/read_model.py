"""`python -m tests.bench.read_model [--events N] [--profile] [--only DATABASE]`: how fast the log is projected.

Events of the UCDP files at hand, under fresh ids in other countries until there are N, a tenth of them corrected later;
their records go through the projection as the worker gives them to it, without a broker. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import json
import os
import platform
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from eventlog.record import Record
from schemas.event import check_event
from subscribers.read_model.database import migrate, open_database
from subscribers.read_model.following import MOST_RECORDS
from subscribers.read_model.projection import Projection
from subscribers.read_model.tables import ASSERTION_SCOPES, ASSERTIONS
from tests.bench.material import many, real_rows
from tests.bench.measure import peak_mib
from tests.postgres import run_postgres
from tests.read_model import Log
from timeline.identity import assertion

Json = dict[str, Any]


def timeline_of(count: int) -> Log:
    """A log whose timeline has so many assertions."""
    log = Log()
    first = count * 10 // 11
    events = list(many(real_rows(), first))
    later = (each | {"title": "corrected", "sequence": "9999"} for each in events[: count - first])
    for number, said in enumerate(itertools.chain(events, later)):
        log.append_assertion(assertion(check_event(said)), number // 1000)
    return log


def pieces(log: Log) -> Iterator[list[list[Record]]]:
    """What the worker reads at a time: some of one partition after the other."""
    for place in list(log.records):
        records = log.records[place]
        for start in range(0, len(records), MOST_RECORDS):
            yield [records[start : start + MOST_RECORDS]]


def project(log: Log, url: str) -> Json:
    """Project the log into an empty database."""
    engine = open_database(url)
    migrate(engine)
    projection = Projection(engine)
    look = log.look()
    started, cpu = time.perf_counter(), time.process_time()
    count = 0
    for batches in pieces(log):
        last = batches[0][-1]
        projection.apply(batches, {(last.topic, last.partition): last.offset + 1}, look)
        count += len(batches[0])
    seconds, spent = time.perf_counter() - started, time.process_time() - cpu
    with engine.connect() as connection:
        held = connection.execute(select(func.count()).select_from(ASSERTIONS)).scalar_one()
        scopes = connection.execute(select(func.count()).select_from(ASSERTION_SCOPES)).scalar_one()
    engine.dispose()
    assert held == count
    return {
        "assertions a second": round(count / seconds),
        "CPU microseconds an assertion": round(spent / count * 1e6, 1),
        "scopes an assertion": round(scopes / count, 1),
        "a second while one transaction": round(MOST_RECORDS * seconds / count, 2),
    }


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = parser.parse_args()
    log, report = timeline_of(asked.events), Json()
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        if asked.profile:
            profile.enable()
        if asked.only != "postgresql":
            path = Path(folder) / "bench.db"
            report["sqlite"] = project(log, f"sqlite:///{path}")
            report["sqlite"]["bytes an assertion"] = round(path.stat().st_size / asked.events)
        if asked.only != "sqlite":
            with run_postgres() as cluster:
                report["postgresql"] = project(log, cluster.database())
        if asked.profile:
            profile.disable()
            pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    report |= {"assertions": asked.events, "peak memory, MiB": peak_mib(os.getpid())}
    print(json.dumps(report | {"python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
