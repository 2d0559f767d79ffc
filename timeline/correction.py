"""Corrections: which assertion made an alert fall."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from schemas.aggregate import WINDOWS
from schemas.rule import FirstSeenRule, MatchRule, Rule, SequenceRule, SurgeRule, ThresholdRule
from timeline.entries import Entry
from timeline.runs import Days
from timeline.times import time_text

_SURGE_DAYS = 53 * 7
_EVER = 10_000_000


class Correction(NamedTuple):
    """The current assertion of an event; `publish_time` in microseconds, `withdrawn` if it takes the event back."""

    publish_time: int
    id: str
    content: str
    withdrawn: bool

    def members(self) -> dict[str, Any]:
        """Return it as the member of an alert record."""
        return {
            "id": self.id,
            "content": self.content[:12],
            "publish_time": time_text(self.publish_time),
            "state": "withdrawn" if self.withdrawn else "asserted",
        }


def reach_days(rule: Rule) -> int:
    """Return for how many days after it an event may matter to the rule, beside its own."""
    if isinstance(rule, ThresholdRule):
        return WINDOWS[rule.window]
    if isinstance(rule, SurgeRule):
        return _SURGE_DAYS
    if isinstance(rule, FirstSeenRule):
        return rule.days
    if isinstance(rule, SequenceRule):
        return rule.within
    # Of a mission all resolutions matter to each other, and of a feed all that it says.
    return 0 if isinstance(rule, MatchRule) else _EVER


class Corrections:
    """What may have made alerts fall: the current assertions of events, and which of them are news."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._news: Iterable[Entry] = ()
        self._by_scope: dict[str, list[Entry]] | None = None

    def renew(self, news: Collection[Entry]) -> None:
        """Let these be the news; all at once, as at a takeover, are none."""
        self._news = news if len(news) < len(self._entries) else ()
        self._by_scope = None

    def find(self, rule: Rule, scope: str, days: Days, causes: Iterable[tuple[str, str]]) -> Correction | None:
        """Return the assertion that made an alert of these days fall; `causes` are (event id, content, shortened).

        It is the newest that changed one of the causes, else the newest of the news that may matter to the days.
        """
        changed = [
            entry
            for event_id, content in causes
            if (entry := self._entries.get(event_id)) and not entry.versions[-1][0].content.startswith(content)
        ]
        if not changed:
            reach = reach_days(rule)
            changed = [entry for entry in self._in(scope) if _matters(entry, scope, days, reach)]
        return max([_correction(entry) for entry in changed], default=None)

    def _in(self, scope: str) -> list[Entry]:
        if self._by_scope is None:
            self._by_scope = {}
            for entry in self._news:
                for name in {name for _, fact in entry.versions if fact is not None for name in fact.scopes}:
                    self._by_scope.setdefault(name, []).append(entry)
        return self._by_scope.get(scope.partition("@")[0], [])


def _matters(entry: Entry, scope: str, days: Days, reach: int) -> bool:
    feed = scope.partition("@")[2]
    return any(
        fact.first - reach <= days[1] and fact.last + reach >= days[0] and feed in ("", fact.feed)
        for _, fact in entry.versions
        if fact is not None
    )


def _correction(entry: Entry) -> Correction:
    stamp, _ = entry.versions[-1]
    return Correction(stamp.publish_time, entry.id, stamp.content, stamp.withdrawn)
