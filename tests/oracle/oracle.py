"""A naive oracle: everything that Vigil promises, recomputed from the set of assertions alone.

It shares no code with the core and knows neither order of arrival nor yesterday: day by day, scope by scope, in the
most obvious way. Assertions, rules and results are the JSON objects of the interfaces, times are text. Read it beside
the design: each function is one sentence of it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from tests.oracle.facts import (
    WINDOWS,
    Assertion,
    Json,
    canonical_time,
    days_in_window,
    in_window,
    instant,
    kind_of,
    line,
    measure,
    number_of,
    rule_version,
    runs,
    satisfies,
    turning_days,
)

__all__ = ["Oracle", "line"]


class Oracle:
    """All that can be known of these assertions and ticks."""

    def __init__(self, assertions: Iterable[Json], ticks: Iterable[str] = ()) -> None:
        distinct = {(one.id, one.stamp): one for one in map(Assertion, assertions)}
        self.versions: dict[str, list[Assertion]] = defaultdict(list)
        for one in sorted(distinct.values(), key=lambda each: (each.id, each.stamp)):
            self.versions[one.id].append(one)
        self.clock = max([one.when for one in distinct.values()] + [instant(tick) for tick in ticks], default=None)
        self.today = self.clock.date() if self.clock else date.min
        self.current = {versions[-1] for versions in self.versions.values() if versions[-1].asserted}
        self.by_scope: dict[str, list[Assertion]] = defaultdict(list)
        self.versions_in: dict[str, list[Assertion]] = defaultdict(list)
        for one in distinct.values():
            for scope in one.scopes:
                self.versions_in[scope].append(one)
                if one in self.current:
                    self.by_scope[scope].append(one)

    def as_of(self, event_id: str, known: datetime) -> Assertion | None:
        """The current assertion of the id by what was published until then."""
        return max((one for one in self.versions[event_id] if one.when <= known), key=lambda a: a.stamp, default=None)

    def timeline(self) -> list[Json]:
        lines = []
        for event_id, versions in sorted(self.versions.items()):
            current, times = versions[-1], sorted({one.when for one in versions})
            since = times[-1]
            for time in reversed(times):
                known = self.as_of(event_id, time)
                if known is None or known.hash != current.hash:
                    break
                since = time
            revision = {"revision": len(versions), "since": canonical_time(since.isoformat()), "content": current.hash}
            lines.append(current.wire | revision)
        return lines

    def feeds(self, scope: str) -> list[str]:
        return sorted({event.source for event in self.by_scope[scope]})

    def scopes(self) -> Iterator[tuple[str, str | None, list[Assertion]]]:
        """Each scope with its events, of all feeds (None) and of each feed alone."""
        for scope, events in self.by_scope.items():
            yield scope, None, events
            for feed in self.feeds(scope):
                yield f"{scope}@{feed}", feed, [event for event in events if event.source == feed]

    def windows(self, at: date | None = None) -> list[Json]:
        """All windows of each scope at the clock, or at a day that is then named."""
        clock = {"clock": canonical_time(self.clock.isoformat())} if self.clock else {}
        day, named = (self.today, clock) if at is None else (at, clock | {"at": at.isoformat()})
        return [
            named
            | {
                "scope": scope,
                "windows": {name: measure(feed, events, day, width) for name, width in WINDOWS.items()},
            }
            for scope, feed, events in sorted(self.scopes(), key=lambda each: each[0])
        ]

    def aggregates(self) -> Iterator[Json]:
        """A line for each day that differs from the day before; a window changes only where an event enters, fits, or
        leaves it, so the other days are not looked at."""
        for scope, feed, events in sorted(self.scopes(), key=lambda each: each[0]):
            for window, width in WINDOWS.items():
                before: Json = {}
                for day in turning_days(events, width):
                    now = measure(feed, events, day, width)
                    if day <= self.today and now != before:
                        yield {"scope": scope, "window": window, "at": day.isoformat(), "measures": now}
                        before = now

    def alerts(self, rules: Iterable[Json]) -> list[Json]:
        alerts = [
            alert
            for rule in rules
            for alert in (self._matches(rule) if rule["kind"] == "match" else self._episodes(rule))
            if alert["first_day"] <= self.today.isoformat()
        ]
        return sorted(alerts, key=lambda alert: [alert[key] for key in ("first_day", "rule", "scope", "id")])

    def _matches(self, rule: Json) -> Iterator[Json]:
        hold = timedelta(days=rule.get("hold", 7))

        def holds(event: Assertion, scope: str) -> bool:
            return scope in event.scopes and satisfies(event.wire, rule.get("where", {}))

        for event in self.current:
            for scope in event.scopes:
                if kind_of(scope) != rule["scope"] or not holds(event, scope):
                    continue
                for known in sorted(one.when for one in self.versions[event.id]):
                    one = self.as_of(event.id, known)
                    if one and holds(one, scope) and one.first <= event.first <= one.last + hold:
                        break
                days = (event.first, event.last + hold)
                key = [rule["id"], scope, event.id]
                numbers = {"value": 1, "peak": 1, "threshold": None, "feed": event.source}
                yield self._alert(rule, scope, key, days, known, [event], numbers)

    def _episodes(self, rule: Json) -> Iterator[Json]:
        width, count = WINDOWS[rule["window"]], rule.get("count", "certain")
        reaches, lower = rule["reaches"], rule.get("ends_below") or rule["reaches"]
        number = {one: number_of(one, rule) for versions in self.versions.values() for one in versions}
        for scope in [scope for scope in self.by_scope if kind_of(scope) == rule["scope"]]:
            values: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
            for event in self.by_scope[scope]:
                if number[event]:
                    for day in days_in_window(event, width, count):
                        values[day][event.source] += number[event]
            value = {day: max(of_feed.values()) for day, of_feed in values.items()}
            for run in runs(sorted(day for day in value if value[day] >= lower)):
                high = [day for day in run if value[day] >= reaches]
                if not high:
                    continue
                first, last = high[0], run[-1] + timedelta(days=rule.get("hold", 0))
                feed = min(feed for feed, n in values[first].items() if n == value[first])
                # Of every version ever published: what it adds on the first day, if it was current then.
                adds = {
                    one: number[one]
                    for one in self.versions_in[scope]
                    if number[one] and in_window(one, first, width, count)
                }
                causes = [one for one in adds if one in self.current and one.source == feed]
                peak = max(value[day] for day in run if day >= first)
                numbers = {"value": value[first], "peak": peak, "threshold": reaches, "feed": feed}
                key = [rule["id"], scope, first.isoformat()]
                yield self._alert(rule, scope, key, (first, last), self._known(adds, reaches), causes, numbers)

    def _known(self, adds: dict[Assertion, int], reaches: int) -> datetime:
        """The first time by which what was published made the largest feed reach the number."""
        ids = {one.id for one in adds}
        for known in sorted({one.when for event_id in ids for one in self.versions[event_id]}):
            then: dict[str, int] = defaultdict(int)
            for one in [self.as_of(event_id, known) for event_id in ids]:
                if one is not None and one in adds:
                    then[one.source] += adds[one]
            if max(then.values(), default=0) >= reaches:
                return known
        raise AssertionError("what stands was known at the end at the latest")

    def _alert(
        self,
        rule: Json,
        scope: str,
        key: list[str],
        days: tuple[date, date],
        known: datetime,
        causes: list[Assertion],
        numbers: Json,
    ) -> Json:
        over = datetime.combine(days[1] + timedelta(days=1), datetime.min.time(), UTC)
        causes = sorted(causes, key=lambda event: event.id)
        return {
            "id": hashlib.sha256(line(key)).hexdigest()[:32],
            "rule": rule["id"],
            "rule_version": rule_version(rule),
            "title": rule["title"],
            "scope": scope,
            "severity": rule["severity"],
            "status": "resolved" if days[1] < self.today else "open",
            "first_day": days[0].isoformat(),
            "last_day": days[1].isoformat(),
            "known": canonical_time(known.isoformat()),
            "late": known >= over,
            "causes": [
                {"id": e.id, "content": e.hash[:12], "title": e.content.get("title"), "source": e.source}
                for e in causes[:20]
            ],
            "causes_total": len(causes),
            **numbers,
        }
