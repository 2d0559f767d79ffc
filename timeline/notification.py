"""Notification: which transitions people are told of, which are held back and by what, and how they are grouped.

Rules kept here:
- The alerts topic holds every transition, whatever is decided here: a silence hides, it never changes an alert.
- Every transition is notified, or held back for one reason: `late` or `history` where nothing of its thread was ever
  told while open, else `silenced`, else `inhibited`. A transition of a thread that was told while open is held back by
  nothing else; where it asks for nothing from people it is notified as quiet.
- A silence hides what is told while it is in force. An alert makes others redundant while it is open, in its scope, for
  the rules that its rule names and on days that both have - if people know of it: what was hidden hides nothing.
- What held a transition back may end before the alert does. What people do not know then is told once, as it stands.
- All transitions of one rule in one scope that were told together are one notification.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from schemas.alert import ENDED
from schemas.command import EndSilence, Silence
from schemas.rule import SEVERITIES, RuleSet
from timeline.people import People, Taken, Transition
from timeline.times import microseconds

Reason = Literal["notified", "history", "late", "silenced", "inhibited"]
ACTED_ON = ("title", "severity", "urgency", "certainty", "first_day", "last_day", "value", "peak", "deadline")
"""What people act on, beside whether it is open: where all else changed, it is told as quiet."""


class Telling(NamedTuple):
    """Transitions that were told together, in their order, and when (microseconds since 1970)."""

    at: int
    transitions: tuple[Transition, ...]


class Decided(NamedTuple):
    """A transition and whether people are told of it; `by` is the id of the silence or of the inhibiting alert."""

    transition: Transition
    reason: Reason
    by: str | None = None
    quiet: bool = False
    first: bool = False

    @property
    def notified(self) -> bool:
        """Whether people are told of it."""
        return self.reason == "notified"


class Entry(NamedTuple):
    """A transition of a notification; `held` is the decision that held it back until now.

    It is the `first` if people had heard nothing of its thread before.
    """

    transition: Transition
    quiet: bool
    acknowledged: tuple[Taken, ...]
    held: Decided | None = None
    first: bool = False


class Notification(NamedTuple):
    """What people are told at once of one rule in one scope."""

    at: int
    scope: str
    rule: str
    entries: tuple[Entry, ...]


class Heard(NamedTuple):
    """What tellings lead to: the decision on each transition, what people are told, what is held back in the end."""

    decisions: tuple[Decided, ...]
    notifications: tuple[Notification, ...]
    held: tuple[Decided, ...] = ()


class Pager:
    """Decides on transitions as they are told. Commands and rule sets have to be given before what is told after them.

    `people` is what people have said up to the last time that it was led to.
    """

    def __init__(self) -> None:
        self.people = People()
        self._inhibits: dict[str, frozenset[str]] = {}
        # The open alerts that make others redundant: by id, and for each (scope, rule) that they make so.
        self._inhibitors: dict[str, Transition] = {}
        self._inhibiting: dict[tuple[str, str], dict[str, Transition]] = {}
        # By thread: what people know of it, and what is held back of it.
        self._known: dict[str, Transition] = {}
        self._held: dict[str, dict[str, Decided]] = {}
        self._due: list[tuple[int, int, int, Taken | str]] = []
        self._numbers = itertools.count()
        self._now = 0

    def learn(self, rules: RuleSet) -> None:
        """Take in a rule set that was in force at some time: alerts name the version of their rule."""
        self._inhibits.update({rule.version: frozenset(rule.inhibits) for rule in rules.rules})

    def take(self, taken: Taken) -> None:
        """Take in a command; it counts from the time at which the log took it."""
        heapq.heappush(self._due, (taken.when, 0, next(self._numbers), taken))

    def tell(self, telling: Telling) -> Heard:
        """Decide on what was told together."""
        notifications = list(self.advance(telling.at))
        freed: dict[str, None] = {}
        for transition in telling.transitions:
            self.people.follow(transition)
            # What hid it may also be over by now, if another partition's telling came first.
            if self._inhibit(transition) or telling.at < self._now:
                freed[transition["scope"]] = None
        decided = list(self._decide(telling.transitions, telling.at))
        notifications += _groups(telling.at, [self._entry(each) for each in decided if each.notified])
        for scope in freed:
            notifications += self._release(max(telling.at, self._now), scope)
        return Heard(tuple(decided), tuple(notifications))

    def advance(self, now: int) -> Iterator[Notification]:
        """Lead people's decisions to this time, and tell what silences hid that end by then."""
        self._now = max(self._now, now)
        while self._due and self._due[0][0] <= now:
            when, _, _, due = heapq.heappop(self._due)
            if isinstance(due, str):
                for scope in [scope for scope, held in self._held.items() if any(e.by == due for e in held.values())]:
                    yield from self._release(when, scope, by=due)
                continue
            self.people.apply(due)
            if isinstance(due.command, Silence):
                until = microseconds(due.command.until.isoformat())
                heapq.heappush(self._due, (max(until, when), 1, next(self._numbers), due.command.id))
            elif isinstance(due.command, EndSilence):
                heapq.heappush(self._due, (when, 1, next(self._numbers), due.command.silence))

    def held(self) -> Iterator[Decided]:
        """Yield what is held back of what people do not know, with what holds it back now."""
        for scope in self._held.values():
            yield from scope.values()

    def _inhibit(self, transition: Transition) -> bool:
        """Take in whether it makes others redundant; return whether some of those may be so no more."""
        alert_id = transition["id"]
        before = self._inhibitors.pop(alert_id, None)
        if before is not None:
            for rule in self._inhibits[before["rule_version"]]:
                del self._inhibiting[before["scope"], rule][alert_id]
        if _state(transition) == "open" and (redundant := self._inhibits.get(transition["rule_version"])):
            self._inhibitors[alert_id] = transition
            for rule in redundant:
                self._inhibiting.setdefault((transition["scope"], rule), {})[alert_id] = transition
            return before is not None and any(before[name] != transition[name] for name in _INHIBITED_BY)
        return before is not None

    def _decide(self, transitions: Sequence[Transition], at: int) -> Iterator[Decided]:
        """Yield the decision on each, in their order; what makes others redundant is decided on before them."""
        decided: dict[int, Decided] = {}
        numbers = {transition["id"]: number for number, transition in enumerate(transitions)}
        begun: set[int] = set()

        def decide(number: int) -> None:
            begun.add(number)
            transition = transitions[number]
            inhibitors = list(self._redundant_by(transition)) if transition["notify"] else []
            for inhibitor in inhibitors:
                # Of rules that inhibit each other one is heard: what is being decided on hides nothing yet.
                if numbers.get(inhibitor["id"], number) not in begun:
                    decide(numbers[inhibitor["id"]])
            decided[number] = self._decision(transition, inhibitors, at)
            self._remember(decided[number])

        for number in range(len(transitions)):
            if number not in begun:
                decide(number)
        return (decided[number] for number in range(len(transitions)))

    def _redundant_by(self, transition: Transition) -> Iterator[Transition]:
        for alert in self._inhibiting.get((transition["scope"], transition["rule"]), {}).values():
            if alert["first_day"] <= transition["last_day"] and alert["last_day"] >= transition["first_day"]:
                yield alert

    def _decision(self, transition: Transition, inhibitors: Iterable[Transition], at: int) -> Decided:
        if not transition["notify"]:
            return Decided(transition, "late" if transition["late"] else "history")
        silence = self.people.silenced_by(transition, at)
        if silence is not None:
            return Decided(transition, "silenced", silence.silence.id)
        for alert in inhibitors:
            if alert["thread"] in self._known and _state(self._known[alert["thread"]]) == "open":
                return Decided(transition, "inhibited", alert["id"])
        first = transition["thread"] not in self._known
        return Decided(transition, "notified", quiet=self._is_quiet(transition), first=first)

    def _is_quiet(self, transition: Transition) -> bool:
        """Whether it asks for nothing from people, given what they know and have acknowledged."""
        if transition["transition"] == "superseded":
            return True  # the record of its heir says it
        before, after = self._known.get(transition["thread"]), _state(transition)
        acknowledged = bool(self.people.acknowledgements(transition["thread"]))
        if before is None:
            return acknowledged or after != "open"
        if (_state(before), after) in _ALWAYS_HEARD:
            return False
        unchanged = all(before.get(name) == transition.get(name) for name in ACTED_ON)
        if _state(before) == after and (unchanged or after == "resolved"):
            return True
        graver = SEVERITIES.index(transition["severity"]) > SEVERITIES.index(before["severity"])
        return acknowledged and not graver

    def _remember(self, decided: Decided) -> None:
        transition = decided.transition
        thread = transition["thread"]
        if transition["survivor"] == thread:
            return  # the thread goes on, as its heir said
        held = self._held.setdefault(transition["scope"], {})
        if decided.notified:
            self._known[thread] = {name: transition[name] for name in _KNOWN if name in transition}
            held.pop(thread, None)
        elif _state(transition) == "open" or thread in self._known:
            held[thread] = decided
        else:
            held.pop(thread, None)

    def _release(self, at: int, scope: str, *, by: str | None = None) -> list[Notification]:
        """Tell what is held back in the scope by nothing any more, of what this held back, or of all."""
        held = [each for each in self._held.get(scope, {}).values() if by in (None, each.by)]
        again = self._decide([each.transition for each in held], at)
        freed = [(before, now) for before, now in zip(held, again, strict=True) if now.notified]
        return _groups(at, [self._entry(now, held=before) for before, now in freed])

    def _entry(self, decided: Decided, held: Decided | None = None) -> Entry:
        thread = decided.transition["thread"]
        acknowledged = tuple(self.people.acknowledgements(thread))
        return Entry(decided.transition, decided.quiet, acknowledged, held, first=decided.first)


def hear(
    tellings: Iterable[Telling], commands: Iterable[Taken], rule_sets: Iterable[RuleSet], *, now: int
) -> tuple[Heard, People]:
    """Return what all tellings, in the order of the log, lead to until now, and what people have said.

    All commands are in the log already: one that is later than `now` shows that a clock is slow.
    """
    pager = Pager()
    for rules in rule_sets:
        pager.learn(rules)
    for taken in commands:
        pager.take(taken)
        now = max(now, taken.when)
    heard = [pager.tell(telling) for telling in tellings]
    heard.append(Heard((), tuple(pager.advance(now))))
    decisions = tuple(decided for each in heard for decided in each.decisions)
    notifications = tuple(each for one in heard for each in one.notifications)
    return Heard(decisions, notifications, tuple(pager.held())), pager.people


_ALWAYS_HEARD = {("open", "cancelled"), ("resolved", "cancelled"), ("resolved", "open"), ("cancelled", "open")}
"""By what people know of a thread and what it becomes: told aloud, acknowledged or not."""
_INHIBITED_BY = ("first_day", "last_day", "rule_version")
_KNOWN = (*ACTED_ON, "transition", "status")


def _state(transition: Transition) -> str:
    """Return open or resolved while the alert stands, else how it ended."""
    how: str = transition["transition"] if transition["transition"] in ENDED else transition["status"]
    return how


def _groups(at: int, entries: Iterable[Entry]) -> list[Notification]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.transition["scope"], entry.transition["rule"]), []).append(entry)
    return [Notification(at, scope, rule, tuple(each)) for (scope, rule), each in groups.items()]
