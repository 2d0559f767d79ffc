"""What the active roller holds: the rollup of all that was read, and what the public topics say."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

from eventlog.reading import LogReader, read_to_end
from eventlog.record import Record
from processors.log_lines import tell
from processors.settings import WorkerSettings
from processors.ticks import tick_time
from schemas.errors import BadInput
from schemas.rule import RuleSet
from schemas.rule_text import parse_rules
from schemas.topics import AGGREGATES, ALERTS, RULES, TICKS
from timeline.identity import decode
from timeline.rollup import Rollup
from timeline.telling import Told


class RulesChanged(Exception):
    """A rule set entered the log: everything is to be evaluated again, and told as one difference."""


class Followed:
    """A rollup that follows the timeline, the ticks and the rules; `told` is what the alerts and aggregates say."""

    def __init__(self, settings: WorkerSettings, reader: LogReader) -> None:
        self._settings = settings
        self._reader = reader
        self._timeline, self._ticks = settings.timeline, settings.topic(TICKS)
        self.told = Told()
        self.rollup = Rollup(RuleSet())

    async def recall(self) -> AsyncIterator[int]:
        """Read what was told; only committed records count. Yields how many records each batch had."""
        async with LogReader(self._settings.bootstrap, committed=True) as reader:
            await reader.assign([self._settings.topic(ALERTS), self._settings.topic(AGGREGATES)])
            async for records in reader.read_to_end():
                for record in records:
                    self._recall(record)
                yield len(records)

    def _recall(self, record: Record) -> None:
        is_alert, key = record.topic == self._settings.topic(ALERTS), (record.key or b"").decode(errors="replace")
        try:
            if not is_alert:
                self.told.recall_aggregate(key, record.value)
            elif record.value is not None:
                self.told.recall_alert(record.value)
        except (ValueError, KeyError, TypeError):
            # Others can write to a public topic. What cannot be read was not told, so it is told again.
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            tell("a record among what was told cannot be read, and is passed over", level=logging.ERROR, **place)
            if not is_alert:
                self.told.recall_aggregate(key, None)

    async def choose_rules(self) -> None:
        """Evaluate by the newest rule set of the log, and be ready to read everything else from its start."""
        topic = self._settings.topic(RULES)
        newest: bytes | None = None
        following = 0
        async for records in read_to_end(self._settings.bootstrap, topic):
            newest, following = records[-1].value, records[-1].offset + 1
        self.rollup = Rollup(_rules(newest))
        await self._reader.assign([self._timeline, self._ticks, topic], start={(topic, 0): following})

    async def read(self) -> AsyncIterator[list[Record]]:
        """Read everything up to its present end, in batches, each to be given to `apply`."""
        async for records in self._reader.read_to_end():
            yield records

    def apply(self, batches: Sequence[Sequence[Record]]) -> None:
        """Take records in. Raises: RulesChanged when a rule set is among them."""
        apply = self.rollup.apply
        for records in batches:
            if records[0].topic == self._timeline:
                for record in records:
                    if record.value is not None:
                        apply(decode(record.value, dict(record.headers)["vigil_content"].decode()))
            elif records[0].topic == self._ticks:
                for record in records:
                    self._tick(record)
            else:
                raise RulesChanged

    def _tick(self, record: Record) -> None:
        time = tick_time(record.value, record.timestamp_ms)
        if time is None:
            tell("a tick is ignored", level=logging.WARNING, topic=record.topic, offset=record.offset)
        else:
            self.rollup.tick(time)


def _rules(text: bytes | None) -> RuleSet:
    """Return the rule set that a record of the rules topic says; without one there are no alerts."""
    if text is None:
        return RuleSet()
    try:
        return parse_rules(text.decode())
    except (BadInput, UnicodeDecodeError) as error:
        # `vigil rules apply` checks before it appends; whoever wrote past it must not stop aggregates for ever.
        tell("the rule set in the log is no valid one, so there are no alerts", level=logging.ERROR, error=str(error))
        return RuleSet()
