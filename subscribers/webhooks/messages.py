"""Messages: what an endpoint is sent of each transition, made of the decision that was taken on it. Pure.

Rules kept here:
- A transition of which people are told has one id, whether they were told at once or when what held it back ended; that
  it is held back has another. So who computes the decisions again, and perhaps knows more commands by now, can neither
  lose a message nor send it under two ids.
- Ids are made of the content, `told` included: they are the same in every process that reads the same log, and others
  in another log.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from timeline.notices import names, notification_text
from timeline.notification import Decided, Entry, Heard, Notification
from timeline.people import Transition
from timeline.times import microseconds, time_text

FILTERED = ("scope", "rule", "feed", "first_day", "last_day")
"""The members of an alert that filters ask for."""


class Message(NamedTuple):
    """A message about one transition. `at`: when it was told or held back (microseconds since 1970).

    `decision` is `notified`, or what held it back: the word of `timeline.notification.Reason`.
    """

    id: str
    at: int
    decision: str
    transition: Transition
    notification: dict[str, Any]

    def body(self) -> bytes:
        """Return what is sent: the same bytes at every try."""
        return orjson.dumps(
            {
                "type": f"alert.{self.transition['transition']}",
                "timestamp": time_text(self.at),
                "data": {**self.transition, "notification": self.notification},
            }
        )


def messages_of(heard: Heard) -> Iterator[Message]:
    """Yield the messages of what was heard at once: the transitions in their order, then what was released."""
    told = {
        id(entry.transition): message
        for notification in heard.notifications
        for entry, message in zip(notification.entries, _told(notification), strict=True)
    }
    for decided in heard.decisions:
        yield told.pop(id(decided.transition)) if decided.notified else _held(decided)
    yield from told.values()


def message_id(transition: Transition, *, held: bool = False) -> str:
    """Return the id of the message that people are told this, or that it is held back."""
    said = orjson.dumps([transition, "held"] if held else transition, option=orjson.OPT_SORT_KEYS)
    return f"msg_{sha256(said).hexdigest()[:32]}"


def _told(notification: Notification) -> list[Message]:
    ids = [message_id(entry.transition) for entry in notification.entries]
    together = {
        "text": notification_text(notification),
        "group": f"grp_{sha256(' '.join(ids).encode()).hexdigest()[:32]}",
        "group_size": len(ids),
    }
    return [
        Message(name, notification.at, "notified", entry.transition, _why_told(entry) | together)
        for name, entry in zip(ids, notification.entries, strict=True)
    ]


def _why_told(entry: Entry) -> dict[str, Any]:
    return {
        "decision": "notified",
        "held": None if entry.held is None else {"reason": entry.held.reason, "by": entry.held.by},
        "first": entry.first,
        "quiet": entry.quiet,
        "acknowledged": names(entry.acknowledged),
    }


def _held(decided: Decided) -> Message:
    transition = decided.transition
    why = {"decision": decided.reason, "by": decided.by}
    return Message(message_id(transition, held=True), microseconds(transition["told"]), decided.reason, transition, why)
