"""CAP messages: what goes out for each transition, and which earlier messages it takes the place of.

Rules kept here:
- One transition is one message, and the same transitions in the same order are the same messages, byte for byte.
- A message names in `references` exactly the messages that are in force until it is sent and that it takes the place
  of: so a thread has one message in force, and people see one alert, updated.
- A superseded alert does not end for people. Its message is an update that shows the heir, and a thread that ends
  leaves no message in force but the survivor's.
- What was never told while open (history that was loaded) is no actual alerting: it goes out as an exercise. A thread
  that goes from the one to the other begins anew, since who drops exercises never saw what it would refer to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final, Literal

import orjson

from schemas.alert import ENDED, NO_END
from schemas.errors import Failed
from subscribers.formats.areas import Hosts

Status = Literal["Actual", "Exercise", "Test"]
MessageType = Literal["Alert", "Update", "Cancel"]
Transition = dict[str, Any]
"""A record of the alerts topic as JSON types; `told`, when the log took it, is needed for Actual and Test."""

_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """Who sends, and to whom.

    `sender` holds no blank, comma, `<` or `&`. A `restriction` says who may see it; without one it is public. `web` is
    put before an alert's id to make the address of its page. `hosts` gives the countries of missions.
    """

    sender: str
    status: Status = "Exercise"
    restriction: str | None = None
    web: str | None = None
    hosts: Hosts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A CAP message before it is written: `shown` is the alert that it is about, which of a superseded is the heir.

    `sent` is in CAP's form; `references` are (sender, identifier, sent), joined by commas, the oldest first.
    """

    identifier: str
    sender: str
    sent: str
    status: Status
    kind: MessageType
    references: tuple[str, ...]
    transition: Transition
    shown: Transition

    @property
    def reference(self) -> str:
        """What a later message names this one by."""
        return f"{self.sender},{self.identifier},{self.sent}"


def cap_messages(transitions: Iterable[Transition], profile: Profile) -> Iterator[Message]:
    """Yield the message of each transition; they have to be all that were told, in the order of telling.

    Raises:
        Failed: a transition ends what was never told.
    """
    threads = Threads(profile)
    for transition in transitions:
        yield threads.send(transition)


def standing_messages(messages: Iterable[Message]) -> list[Message]:
    """Return, of all messages in their order, the last one of each alert that stands, open or resolved."""
    last: dict[str, Message] = {}
    for message in messages:
        alert, shown = message.transition["id"], message.shown["id"]
        if message.transition["transition"] in ENDED:
            last.pop(alert, None)
        # That an alert of an exercise goes on in an actual one does not make that one an exercise.
        shows = alert == shown or (shown in last and last[shown].status == message.status)
        if message.kind != "Cancel" and shows:
            last[shown] = message
    return list(last.values())


def cap_time(text: str) -> str:
    """Return a time in CAP's form: whole seconds, and the offset of UTC as it wants it."""
    return f"{text[:19]}-00:00"


def cap_midnight(day: str, *, days_after: int = 0) -> str:
    """Return 00:00 UTC of a day, or of a day after it, in CAP's form."""
    return f"{date.fromisoformat(day) + timedelta(days=days_after)}T00:00:00-00:00"


@dataclass(slots=True)
class _InForce:
    """A message that nothing took the place of yet, and the threads that it is the message of."""

    message: Message
    threads: set[str]


class Threads:
    """What was sent so far: the message in force of each thread, kept apart by status."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._counts: dict[str, int] = {}
        self._last: dict[str, Transition] = {}
        self._in_force: dict[tuple[Status, str], _InForce] = {}

    def send(self, transition: Transition) -> Message:
        """Return the message of the next transition.

        Raises:
            Failed: it ends or replaces what was never told.
        """
        what, thread = transition["transition"], transition["thread"]
        actual = self._profile.status == "Actual"
        status: Status = "Exercise" if actual and not transition["notify"] else self._profile.status
        threads = [thread, *self._threads_replaced(transition)]
        shown = transition
        if what == "superseded":
            shown = self._known(transition["heir"])
            threads.append(transition["survivor"])
        replaced = self._of(status, threads)
        if what == "cancelled" and not replaced:
            raise Failed(f"alert {transition['id']} was cancelled, but never raised: these transitions are not all")
        earlier = [each.message for each in replaced]
        message = Message(
            identifier=self._identifier(transition, status),
            sender=self._profile.sender,
            sent=_sent(transition, status, earlier),
            status=status,
            kind="Cancel" if what == "cancelled" else "Update" if earlier else "Alert",
            references=tuple(each.reference for each in earlier),
            transition=transition,
            shown=shown,
        )
        self._last[transition["id"]] = transition
        self._replace(status, replaced, message, ended=_ended_thread(transition))
        return message

    def _threads_replaced(self, transition: Transition) -> list[str]:
        return [self._known(alert)["thread"] for alert in transition["replaces"]]

    def _known(self, alert: str) -> Transition:
        if alert not in self._last:
            raise Failed(f"alert {alert} was replaced, but never raised: these transitions are not all")
        return self._last[alert]

    def _of(self, status: Status, threads: list[str]) -> list[_InForce]:
        """The messages in force of these threads, each once, the oldest first."""
        found = [self._in_force[status, thread] for thread in threads if (status, thread) in self._in_force]
        unique = {each.message.identifier: each for each in found}
        return sorted(unique.values(), key=lambda each: (each.message.sent, each.message.identifier))

    def _replace(self, status: Status, replaced: list[_InForce], message: Message, *, ended: str | None) -> None:
        threads = {message.transition["thread"]}.union(*[each.threads for each in replaced])
        for thread in threads:
            self._in_force.pop((status, thread), None)
        if message.kind == "Cancel":
            return
        if ended is not None:
            threads = threads - {ended} or {message.transition["survivor"]}
        self._in_force.update(dict.fromkeys([(status, thread) for thread in threads], _InForce(message, threads)))

    def _identifier(self, transition: Transition, status: Status) -> str:
        """The thread, the number of it, and a hash, since another log may tell another thing at that place."""
        thread = transition["thread"]
        self._counts[thread] = number = self._counts.get(thread, 0) + 1
        said = {name: value for name, value in transition.items() if name != "told"}
        digest = sha256(orjson.dumps([status, said], option=orjson.OPT_SORT_KEYS)).hexdigest()
        return f"{thread}.{number}.{digest[:_DIGITS]}"


def _ended_thread(transition: Transition) -> str | None:
    """The thread that no message is in force of any more, because it goes on under another."""
    ends = transition["transition"] == "superseded" and transition["survivor"] != transition["thread"]
    return transition["thread"] if ends else None


def _sent(transition: Transition, status: Status, earlier: list[Message]) -> str:
    """When the log took it; of an exercise, whose telling is of no interest, when it could have been known."""
    if status != "Exercise":
        return cap_time(transition["told"])
    correction = transition.get("correction")
    if correction is not None:
        own = cap_time(correction["publish_time"])
    elif transition["transition"] == "resolved" and transition["last_day"] != NO_END:
        own = cap_midnight(transition["last_day"], days_after=1)
    else:
        # What is known before the first day (the end of a mandate) is told on that day.
        own = max(cap_time(transition["known"]), cap_midnight(transition["first_day"]))
    return max([own, *[each.sent for each in earlier]])
