"""Silence rules: a feed has published nothing for some days after its largest publish time.

Rules kept here:
- Any assertion of the feed counts, withdrawals and superseded ones too.
- It has no end of its own: the next publication moves the day, and the old alert falls.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.rule import SilenceRule
from timeline.alerts import ENDLESS, Anchor, Cause, Episode, Episodes, Found, alert_id
from timeline.identity import Assertion, Stamp
from timeline.times import DAY, day_text

Last = tuple[int, str, Stamp]
"""Publish time, event id and stamp of an assertion, in the order in which the last one is chosen."""


class Silences:
    """The last assertion of each feed, and the rules that wait for the next one."""

    def __init__(self, rules: list[SilenceRule], episodes: Episodes) -> None:
        self._rules = rules
        self._episodes = episodes
        self._last: dict[str, tuple[Last, str | None]] = {}
        self._touched: set[str] = set()

    def hear(self, statement: Assertion) -> None:
        """Take in an assertion of any kind."""
        feed = statement.document["source"]
        last = (statement.stamp.publish_time, statement.id, statement.stamp)
        if feed not in self._last or last > self._last[feed][0]:
            self._last[feed] = last, statement.document.get("title")
            self._touched.add(feed)

    def settle(self) -> Iterator[Found]:
        """Move the silences of the feeds that were heard of."""
        touched, self._touched = self._touched, set()
        for feed in touched:
            for rule in self._rules:
                if rule.feed in (None, feed):
                    episode = self._episode(rule, feed)
                    before = self._episodes.get((rule.id, episode.scope), {})
                    wanted: dict[Anchor, Episode | None] = {**dict.fromkeys(before), episode.first: episode}
                    yield self._episodes.put(rule, episode.scope, wanted)

    def _episode(self, rule: SilenceRule, feed: str) -> Episode:
        (time, event_id, stamp), title = self._last[feed]
        scope = f"{rule.scope}@{feed}"
        cause: Cause = (event_id, stamp.content, title, feed)
        return Episode(
            id=alert_id(rule, scope, day_text(time // DAY)),
            rule=rule,
            scope=scope,
            first=time // DAY + rule.days,
            last=ENDLESS,
            holds_until=ENDLESS,
            value=rule.days,
            peak=rule.days,
            threshold=rule.days,
            feed=feed,
            known=time,
            causes=(cause,),
            causes_total=1,
        )
