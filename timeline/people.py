"""What people decided about alerts: a fold of commands and of what became of threads, in the order of the log.

Rules kept here:
- A command counts once, by its id, however often the log holds it.
- What is said of a thread goes along when that ends in another: the survivor has all that its predecessors had. What is
  said of a thread that has ended so is said of the one that goes on.
- An acknowledgement ends with a cancellation: what is raised again under the thread wants another. What was said stays.
- A silence is in force from when the log took it to its `until`, or to the end that somebody set before.

All times are microseconds since 1970 and the log's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from schemas.command import Acknowledge, Comment, Decision, EndSilence, Silence
from timeline.times import microseconds, time_text

Transition = dict[str, Any]
"""A record of the alerts topic as JSON types, with `told`: when the log took it."""


class Taken(NamedTuple):
    """A command, and when the log took it."""

    when: int
    command: Decision


@dataclass(frozen=True, slots=True)
class Silencing:
    """A silence and what became of it; `ended` is the end that somebody set before its time."""

    silence: Silence
    when: int
    until: int
    ended: Taken | None = None

    @property
    def over(self) -> int:
        """The time from which it is in force no more."""
        return self.until if self.ended is None else min(self.until, self.ended.when)

    def in_force(self, at: int) -> bool:
        """Whether it hides what is told at this time."""
        return self.when <= at < self.over

    def covers(self, alert: Transition) -> bool:
        """Whether it is about this alert."""
        return self.silence.scope in (None, alert["scope"]) and self.silence.rule in (None, alert["rule"])

    def members(self) -> dict[str, Any]:
        """Return the silence as JSON types."""
        ended = self.ended
        return {
            "id": self.silence.id,
            "scope": self.silence.scope,
            "rule": self.silence.rule,
            "until": time_text(self.until),
            "comment": self.silence.comment,
            "by": self.silence.by,
            "when": time_text(self.when),
            "ended": None if ended is None else {"by": ended.command.by, "when": time_text(ended.when)},
        }


class People:
    """What people have said so far, by thread, and their silences."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._said: dict[str, dict[str, Taken]] = {}
        self._acknowledged: dict[str, dict[str, Taken]] = {}
        self._survivors: dict[str, str] = {}
        self._cancelled: set[str] = set()
        self._silences: dict[str, Silencing] = {}
        self._silences_of: dict[tuple[str | None, str | None], list[str]] = {}
        self._ends: dict[str, Taken] = {}

    def apply(self, taken: Taken) -> None:
        """Take in a command; one whose id is known changes nothing."""
        command = taken.command
        if command.id in self._seen:
            return
        self._seen.add(command.id)
        match command:
            case Acknowledge() | Comment():
                thread = self.goes_on_as(command.thread)
                self._said.setdefault(thread, {})[command.id] = taken
                if isinstance(command, Acknowledge):
                    self._acknowledged.setdefault(thread, {})[command.id] = taken
            case Silence():
                until = microseconds(command.until.isoformat())
                self._silences[command.id] = Silencing(command, taken.when, until, self._ends.get(command.id))
                self._silences_of.setdefault((command.scope, command.rule), []).append(command.id)
            case EndSilence(silence=silence_id):
                self._ends.setdefault(silence_id, taken)
                if silence_id in self._silences:
                    self._silences[silence_id] = replace(self._silences[silence_id], ended=self._ends[silence_id])

    def follow(self, transition: Transition) -> None:
        """Take in what became of a thread."""
        thread, survivor = transition["thread"], transition["survivor"]
        if survivor is not None:
            if survivor != thread:
                self._survivors[thread] = survivor
                self._hand_on(self._said, thread, survivor)
                self._hand_on(self._acknowledged, thread, survivor)
            return
        self._survivors.pop(thread, None)
        if transition["transition"] == "cancelled":
            self._cancelled.add(thread)
        elif thread in self._cancelled:
            self._cancelled.remove(thread)
            self._acknowledged.pop(thread, None)

    def goes_on_as(self, thread: str) -> str:
        """Return the thread that this one ended in, or itself while it has not ended in another."""
        passed = {thread}
        while (following := self._survivors.get(thread)) is not None and following not in passed:
            thread = following
            passed.add(thread)
        return thread

    def acknowledgements(self, thread: str) -> list[Taken]:
        """Return who took the thread on, first to last."""
        return sorted(self._acknowledged.get(thread, {}).values(), key=_order)

    def said(self, thread: str) -> list[Taken]:
        """Return every acknowledgement and comment of the thread, first to last."""
        return sorted(self._said.get(thread, {}).values(), key=_order)

    def silences(self) -> list[Silencing]:
        """Return every silence that was ever made, first to last."""
        return list(self._silences.values())

    def silenced_by(self, alert: Transition, at: int) -> Silencing | None:
        """Return the first made of the silences that hide what is told of this alert at this time."""
        scope, rule = alert["scope"], alert["rule"]
        ids = [each for key in ((scope, rule), (scope, None), (None, rule)) for each in self._silences_of.get(key, ())]
        found = [self._silences[each] for each in ids if self._silences[each].in_force(at)]
        return min(found, key=lambda each: (each.when, each.silence.id), default=None)

    @staticmethod
    def _hand_on(kept: dict[str, dict[str, Taken]], thread: str, survivor: str) -> None:
        if thread in kept:
            kept[survivor] = {**kept[thread], **kept.get(survivor, {})}


def fold_people(commands: Iterable[Taken], transitions: Iterable[Transition]) -> People:
    """Return what people have said by the end of both, each in the order of the log; of one time commands first."""
    people = People()
    waiting = deque(sorted(commands, key=lambda each: each.when))
    for transition in transitions:
        told = microseconds(transition["told"])
        while waiting and waiting[0].when <= told:
            people.apply(waiting.popleft())
        people.follow(transition)
    for taken in waiting:
        people.apply(taken)
    return people


def said_members(taken: Taken) -> dict[str, Any]:
    """Return what a person said as JSON types: `said` is acknowledge or comment, `text` may be null."""
    command = taken.command
    text = (
        command.text if isinstance(command, Comment) else command.comment if isinstance(command, Acknowledge) else None
    )
    return {"said": command.command, "by": command.by, "when": time_text(taken.when), "text": text}


def _order(taken: Taken) -> tuple[int, str]:
    return taken.when, taken.command.id
