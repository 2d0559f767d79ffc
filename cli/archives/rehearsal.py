"""A rehearsal: an old log told once more to topics of its own, at a speed, for subscribers to follow.

Rules kept here:
- Every record of a rehearsal says so in a header. A prefix whose topics hold any other record, or for which a service
  works, is refused before anything is written: nothing live is ever touched.
- What an earlier rehearsal left is taken out first, and so is what people said of it.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.archives.pacing import Pace
from cli.progress_bar import with_progress
from cli.service.progress import read_progress
from cli.settings import find_bootstrap
from eventlog.reading import LogReader, Position
from eventlog.record import Header, Record
from eventlog.topics import create_topics, delete_before
from eventlog.writing import Writer
from processors.assertions import Accepted, timeline_headers
from schemas.errors import Failed, Misuse
from schemas.topics import AGGREGATES, ALERTS, COMMANDS, RULES, TIMELINE, TOPICS
from timeline.identity import encode
from timeline.rehearsal import Step, rehearse
from timeline.times import DAY, day_number, time_text

if TYPE_CHECKING:
    from cli.archives.replayed import Log
    from timeline.as_of import Axis, Taken

MARK = "vigil_rehearsal"
"""The header of every record of a rehearsal: the last moment of the step that told it."""
_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rehearse_to(
    prefix: str, log: Log, *, axis: Axis, first: str | None, last: str | None, speed: float
) -> dict[str, Any]:
    """Tell the log once more to the topics of this prefix, and return how much was told.

    Raises:
        Misuse: the prefix is none for a rehearsal, or days would pass for years before the first.
        Failed: the topics hold what is no rehearsal's, there is nothing to rehearse, or the broker does not answer.
    """
    _check_prefix(prefix, log)
    if first is None and not math.isinf(speed):
        raise Misuse("a log begins decades ago; with a --speed, say with --from on which day the rehearsal begins")
    days = [None if day is None else day_number(day) for day in (first, last)]
    bootstrap = find_bootstrap(log.settings)
    text, rules = log.rules()
    steps = rehearse(list(log.taken()), rules, axis=axis, first=days[0], last=days[1], width=_width(speed))
    old = _make_room(bootstrap, prefix)
    pace = Pace(speed)
    with Writer(bootstrap) as writer:
        stage = _Stage(writer, prefix)
        stage.clear(old)
        stage.put_rules(text)
        for step in with_progress(steps, "rehearsing", where=lambda step: time_text(step.time)[:16]):
            pace.wait(step.time)
            stage.put(step)
            if not math.isinf(speed):
                writer.flush()
    return {"to_topic_prefix": prefix, **stage.told}


class _Stage:
    """The topics of a prefix, and how many records of each were told."""

    def __init__(self, writer: Writer, prefix: str) -> None:
        self._writer, self._prefix = writer, prefix
        self._moment = b"1970-01-01T00:00:00Z"
        self.told = {"timeline": 0, "aggregates": 0, "alerts": 0}

    def clear(self, aggregates: Iterable[bytes]) -> None:
        """Take back the aggregates that an earlier rehearsal left."""
        for scope in aggregates:
            self._send(AGGREGATES, scope, None)

    def put_rules(self, text: str) -> None:
        """Say by which rules alerts are raised, so that they can be explained."""
        self._send(RULES, None, text.encode(), [("content-type", b"application/yaml")])

    def put(self, step: Step) -> None:
        """Tell a step: what became known, then what follows from it."""
        self._moment = time_text(step.time).encode()
        for each in step.news:
            position = f"{self._prefix}rehearsal:0:{self.told['timeline']}"
            headers = timeline_headers(Accepted(each.statement, _ingest_time(each), {}), position)
            self._send(TIMELINE, each.statement.id.encode(), encode(each.statement), headers)
            self.told["timeline"] += 1
        for change in step.changes:
            for aggregate in change.aggregate or ():
                self._send(AGGREGATES, change.scope.encode(), aggregate)
                self.told["aggregates"] += 1
            for scope, alert in change.alerts:
                self._send(ALERTS, scope.encode(), alert)
                self.told["alerts"] += 1

    def _send(self, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[Header] = ()) -> None:
        self._writer.send(self._prefix + topic, key=key, value=value, headers=[*headers, (MARK, self._moment)])


def _check_prefix(prefix: str, log: Log) -> None:
    if not _PREFIX.fullmatch(prefix):
        raise Misuse("--to-topic-prefix: expected 1 to 100 letters, digits, dots, dashes or underscores")
    if prefix == log.settings.topic_prefix:
        raise Misuse(f"--to-topic-prefix: {prefix} is the prefix of the log itself; a rehearsal needs one of its own")


def _width(speed: float) -> int:
    """Return how long a step is: what passes in a second, a day at most."""
    return DAY if speed * _SECOND >= DAY else max(_SECOND, int(speed * _SECOND))


def _make_room(bootstrap: str, prefix: str) -> list[bytes]:
    """Create the topics or empty them of an earlier rehearsal; return the scopes whose aggregates still stand.

    Raises: Failed when anything there is no rehearsal's.
    """
    create_topics(bootstrap, prefix=prefix)
    if any(role.members for role in read_progress(bootstrap, topic_prefix=prefix).values()):
        raise Failed(f"a service works with the topics of {prefix}; a rehearsal needs a prefix of its own")
    left = asyncio.run(_look(bootstrap, prefix))
    kept = {prefix + topic.name for topic in TOPICS if topic.cleanup == "delete"}
    delete_before(bootstrap, {position: end for position, end in left.ends.items() if position[0] in kept})
    return left.aggregates


class _Left(NamedTuple):
    """What an earlier rehearsal left: scopes that have an aggregate, and where each partition ends."""

    aggregates: list[bytes]
    ends: dict[Position, int]


async def _look(bootstrap: str, prefix: str) -> _Left:
    aggregates: dict[bytes, bool] = {}
    said: Record | None = None
    rehearsed = False
    async with LogReader(bootstrap) as reader:
        await reader.assign([prefix + topic.name for topic in TOPICS])
        async for records in reader.read_to_end():
            for record in records:
                if record.topic == prefix + COMMANDS:
                    said = record
                    continue
                if all(name != MARK for name, _ in record.headers):
                    raise _no_rehearsal(record)
                rehearsed = True
                if record.topic == prefix + AGGREGATES and record.key is not None:
                    aggregates[record.key] = record.value is not None
        if said is not None and not rehearsed:
            # People's commands carry no mark; they are of a rehearsal if there was one.
            raise _no_rehearsal(said)
        return _Left([scope for scope, stands in aggregates.items() if stands], await reader.positions())


def _no_rehearsal(record: Record) -> Failed:
    place = f"{record.topic}:{record.partition}:{record.offset}"
    return Failed(f"{place} was written by no rehearsal; a rehearsal needs a prefix whose topics hold nothing else")


def _ingest_time(each: Taken) -> datetime:
    """When the log took it; lines do not say, and then it is when it was published."""
    time = each.statement.stamp.publish_time if each.ingest_time is None else each.ingest_time
    return _EPOCH + timedelta(microseconds=time)
