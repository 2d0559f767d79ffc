"""What people are told: the alerts topic as it was told, with the commands that were known by then.

Rules kept here:
- Told together is what one transaction of the roller holds. The marker that ends a transaction takes an offset of its
  own, so a gap in a partition's offsets parts two tellings, and nothing else does.
- Whoever follows hears what whoever reads at once hears: what is told is decided on after the commands up to then are
  read, and time passes on only once what was told by then must have arrived.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping

from eventlog.reading import LogReader, Position
from eventlog.record import Record
from schemas.rule import RuleSet
from schemas.topics import ALERTS, COMMANDS
from subscribers.alerts import decode_transition
from subscribers.commands import OnUnreadable, decisions_of, read_commands
from subscribers.rules import read_rule_sets
from timeline.notification import Heard, Notification, Pager, Telling, hear
from timeline.people import People

ARRIVED_US = 2_000_000
"""What the log took so long ago has arrived at whoever follows: transactions last milliseconds."""


class Tellings:
    """Puts together what was told together, from records in the order of their partitions."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Record]] = {}
        self._at: dict[int, int] = {}

    def add(self, records: Iterable[Record]) -> Iterator[Telling]:
        """Yield the tellings that these records show to be whole."""
        for record in records:
            part = self._parts.setdefault(record.partition, [])
            if part and part[-1].offset + 1 != record.offset:
                yield self._end(record.partition)
            self._parts.setdefault(record.partition, []).append(record)

    def end(self, positions: Mapping[Position, int]) -> Iterator[Telling]:
        """Yield the tellings after which these positions leave a gap."""
        for (_, partition), position in positions.items():
            part = self._parts.get(partition)
            if part and part[-1].offset + 1 < position:
                yield self._end(partition)

    def _end(self, partition: int) -> Telling:
        part = self._parts.pop(partition)
        # Should the broker's clock be set back, a scope's tellings keep their order.
        at = self._at[partition] = max(part[-1].timestamp_ms * 1000, self._at.get(partition, 0))
        return Telling(at, tuple(decode_transition(record) for record in part if record.value is not None))


async def read_notifications(
    bootstrap: str, *, now: int, on_unreadable: OnUnreadable, topic_prefix: str = ""
) -> tuple[Heard, People]:
    """Return the decision on every transition so far, what people were told, and what they said (now: microseconds)."""
    found, parts = [], Tellings()
    async with LogReader(bootstrap) as reader:
        await reader.assign([topic_prefix + ALERTS])
        async for batch in reader.read_to_end():
            found += list(parts.add(batch))
        found += list(parts.end(await reader.positions()))
    commands = await read_commands(bootstrap, on_unreadable=on_unreadable, topic_prefix=topic_prefix)
    rule_sets = await read_rule_sets(bootstrap, topic_prefix=topic_prefix)
    return hear(_in_order(found), commands, rule_sets, now=now)


async def follow_notifications(
    bootstrap: str,
    *,
    now: Callable[[], int],
    on_unreadable: OnUnreadable,
    topic_prefix: str = "",
    replay: bool = False,
    on_start: Callable[[], None] = lambda: None,
) -> AsyncIterator[Notification]:
    """Yield what people are told: from now on, or with `replay` from the first time ever. `now` is in microseconds.

    `on_start` is called when "now" is.
    """
    past = True
    decisions = follow_decisions(bootstrap, now=now, on_unreadable=on_unreadable, topic_prefix=topic_prefix)
    async for found in decisions:
        notifications = [notification for heard in found for notification in heard.notifications]
        if past:
            on_start()
        for notification in () if past and not replay else notifications:
            yield notification
        past = False


async def follow_decisions(
    bootstrap: str, *, now: Callable[[], int], on_unreadable: OnUnreadable, topic_prefix: str = ""
) -> AsyncGenerator[Iterator[Heard], None]:
    """Yield the decision on every transition with what people are told, first of all that was told until now.

    What is yielded is decided on while it is iterated over, and has to be iterated over to its end. Of one telling it
    holds first what ended by then released, next the telling itself. `now` is in microseconds.
    """
    async with LogReader(bootstrap) as alerts, LogReader(bootstrap) as commands:
        await alerts.assign([topic_prefix + ALERTS])
        await commands.assign([topic_prefix + COMMANDS])
        listener = _Listener(
            alerts, commands, on_unreadable, lambda: read_rule_sets(bootstrap, topic_prefix=topic_prefix)
        )
        yield await listener.hear([batch async for batch in alerts.read_to_end()], now=now())
        while True:
            yield await listener.hear(await alerts.poll(timeout_seconds=1.0), now=now())


class _Listener:
    """Hears what was told, with what has to be known for it."""

    def __init__(
        self,
        alerts: LogReader,
        commands: LogReader,
        on_unreadable: OnUnreadable,
        read_rules: Callable[[], Awaitable[list[RuleSet]]],
    ) -> None:
        self._alerts, self._commands = alerts, commands
        self._on_unreadable, self._read_rules = on_unreadable, read_rules
        self._pager, self._parts = Pager(), Tellings()
        self._versions: set[str] = set()

    async def hear(self, batches: Iterable[list[Record]], *, now: int) -> Iterator[Heard]:
        """Return what follows from these records of the alerts topic, and from the time; decided while it is read."""
        found = [telling for batch in batches for telling in self._parts.add(batch)]
        found += self._parts.end(await self._alerts.positions())
        async for batch in self._commands.read_to_end():
            for taken in decisions_of(batch, self._on_unreadable):
                self._pager.take(taken)
        versions = {each["rule_version"] for telling in found for each in telling.transitions}
        if not versions <= self._versions:
            # A roller tells by a rule set only after it stands in the log.
            self._versions |= versions
            for rules in await self._read_rules():
                self._pager.learn(rules)
        return self._decide(_in_order(found), now)

    def _decide(self, tellings: Iterable[Telling], now: int) -> Iterator[Heard]:
        for telling in tellings:
            yield Heard((), tuple(self._pager.advance(telling.at)))
            yield self._pager.tell(telling)
        yield Heard((), tuple(self._pager.advance(now - ARRIVED_US)))


def _in_order(found: Iterable[Telling]) -> list[Telling]:
    return sorted(found, key=lambda telling: telling.at)
