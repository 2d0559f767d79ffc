"""A naive oracle: everything that Vigil promises, recomputed from the set of assertions alone.

It shares no code with the core and knows neither order of arrival nor yesterday: day by day, scope by scope, in the
most obvious way. Assertions, rules and results are the JSON objects of the interfaces, times are text. Read it beside
the design: each function is one sentence of it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from tests.oracle.facts import WINDOWS, Assertion, Json, canonical_time, instant, kind_of, line, measure, turning_days
from tests.oracle.kinds import EPISODES, Episode, concerns, held, in_first_week
from tests.oracle.predicates import rule_version, severity, whole

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
            for rule in map(whole, rules)
            for alert in (self._silences(rule) if rule["kind"] == "silence" else self._episodes(rule))
            if alert["first_day"] <= self.today.isoformat()
        ]
        return sorted(alerts, key=lambda alert: [alert[key] for key in ("first_day", "rule", "scope", "id")])

    def _episodes(self, rule: Json) -> Iterator[Json]:
        for scope, events in self.by_scope.items():
            if kind_of(scope) == rule["scope"]:
                for episode in EPISODES[rule["kind"]](rule, scope, events):
                    yield self._alert(rule, scope, episode, self._known(rule, scope, episode))

    def _known(self, rule: Json, scope: str, episode: Episode) -> datetime:
        """The first time as of which the condition held on the first day for that anchor."""
        concerned = [one for one in self.versions_in[scope] if concerns(rule, one, episode)]
        ids = {one.id for one in concerned}
        begins = min(one.when for one in concerned if rule["kind"] != "surge" or in_first_week(rule, one, episode))
        for known in sorted({one.when for event_id in ids for one in self.versions[event_id]}):
            if known < begins:
                continue
            then = [self.as_of(event_id, known) for event_id in ids]
            if held(rule, scope, [one for one in then if one is not None and scope in one.scopes], episode):
                return known
        raise AssertionError("what stands was known at the end at the latest")

    def _silences(self, rule: Json) -> Iterator[Json]:
        of_feeds: dict[str, list[Assertion]] = defaultdict(list)
        for versions in self.versions.values():
            for one in versions:
                of_feeds[one.source].append(one)
        for feed, said in of_feeds.items():
            if rule["feed"] in (None, feed):
                newest = max(said, key=lambda one: (one.when, one.id, one.stamp))
                day, days = newest.when.date(), rule["days"]
                first = day + timedelta(days=days)
                episode = Episode(day.isoformat(), first, date.max, days, days, days, feed, [newest], {})
                yield self._alert(rule, f"world@{feed}", episode, newest.when)

    def _alert(self, rule: Json, scope: str, episode: Episode, known: datetime) -> Json:
        hold = timedelta(days=rule.get("hold", 0))
        last = date.max if episode.last == date.max else episode.last + hold
        causes = sorted(episode.causes, key=lambda event: event.id)
        return {
            "id": hashlib.sha256(line([rule["id"], scope, episode.anchor])).hexdigest()[:32],
            "rule": rule["id"],
            "rule_version": rule_version(rule),
            "title": rule["title"],
            "scope": scope,
            "severity": severity(rule, episode.peak),
            "urgency": rule["urgency"],
            "certainty": rule["certainty"],
            "status": "resolved" if last < self.today else "open",
            "first_day": episode.first.isoformat(),
            "last_day": last.isoformat(),
            "value": episode.value,
            "peak": episode.peak,
            "threshold": episode.threshold,
            "feed": episode.feed,
            "known": canonical_time(known.isoformat()),
            "late": known.date() > last,
            "causes": [
                {"id": e.id, "content": e.hash[:12], "title": e.content.get("title"), "source": e.source}
                for e in causes[:20]
            ],
            "causes_total": len(causes),
            **episode.more,
        }
