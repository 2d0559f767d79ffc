"""Notifications and what was held back, as JSON types: what a pager gets, and what each silence and inhibition hid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import shorten
from typing import Any

from schemas.alert import ENDED, NO_END
from schemas.rule import SEVERITIES
from timeline.notification import Decided, Entry, Heard, Notification
from timeline.people import People, Taken, Transition
from timeline.times import time_text

Members = dict[str, Any]
SHOWN = (
    *("id", "thread", "transition", "reason", "status", "severity", "first_day", "last_day", "value", "peak"),
    *("threshold", "late", "told"),
)
"""Members of a transition that a notification repeats; `vigil alerts show` has all of them."""
MAYBE_SHOWN = ("deadline", "renewal", "subject", "correction", "replaces", "heir", "survivor")
"""Those that it repeats where they say something."""
TITLE_LETTERS = 80
"""So much of an event's title the text of a notification shows."""
NAMED = 3
"""So many transitions the text of a notification names; of more it says how many."""


def notification_members(notification: Notification) -> Members:
    """Return a notification as a pager gets it: `text` in one line, then all that it is about.

    `severity` is the gravest of its alerts; it is `quiet` if all of them are.
    """
    entries = notification.entries
    return {
        "told": time_text(notification.at),
        "scope": notification.scope,
        "rule": notification.rule,
        "title": entries[-1].transition["title"],
        "severity": max((entry.transition["severity"] for entry in entries), key=SEVERITIES.index),
        "quiet": all(entry.quiet for entry in entries),
        "text": notification_text(notification),
        "alerts": [_entry_members(entry) for entry in entries],
    }


def notification_text(notification: Notification) -> str:
    """Return a notification in one line, the transitions that ask for something first.

    What ended in another is left out beside it: the heir's transition says the same.
    """
    ended = [entry for entry in notification.entries if entry.transition["transition"] == "superseded"]
    others = [entry for entry in notification.entries if entry not in ended]
    entries = sorted(others or ended, key=lambda entry: entry.quiet)
    more = len(entries) - NAMED
    said = [_how(entry) for entry in entries[:NAMED]] + ([f"and {more} more"] if more > 0 else [])
    return f"{entries[-1].transition['title']}, {notification.scope}: {'; '.join(said)}"


def suppressed_members(
    heard: Heard, people: People, hidden: Sequence[Decided], *, only_what_hid: bool = False
) -> list[Members]:
    """Return each silence, then each alert that made others redundant, with what it hid of `hidden`, in order.

    With `only_what_hid` silences that hid nothing are left out.
    """
    released = {
        _place(entry.transition): notification.at
        for notification in heard.notifications
        for entry in notification.entries
        if entry.held is not None
    }
    held = {_place(decided.transition): decided for decided in heard.held}
    by: dict[tuple[str, str | None], list[Members]] = {}
    for decided in hidden:
        place = _place(decided.transition)
        members = _hidden_members(decided.transition, released.get(place), held.get(place))
        by.setdefault((decided.reason, decided.by), []).append(members)
    silences = [(each.members(), by.get(("silenced", each.silence.id), [])) for each in people.silences()]
    inhibited = {alert_id: hid for (reason, alert_id), hid in by.items() if reason == "inhibited"}
    last = {each.transition["id"]: each.transition for each in heard.decisions if each.transition["id"] in inhibited}
    return [
        *({"by": "silence", "silence": each, "hid": hid} for each, hid in silences if hid or not only_what_hid),
        *({"by": "inhibition", "alert": _alert(last[str(each)]), "hid": hid} for each, hid in inhibited.items()),
    ]


def names(acknowledged: Iterable[Taken]) -> list[str]:
    """Return who took an alert on, each once, the first first."""
    return list(dict.fromkeys(taken.command.by for taken in acknowledged))


def _entry_members(entry: Entry) -> Members:
    transition, held = entry.transition, entry.held
    return {
        **{name: transition[name] for name in SHOWN},
        **{name: transition[name] for name in MAYBE_SHOWN if transition.get(name)},
        "first": entry.first,
        "quiet": entry.quiet,
        "acknowledged": names(entry.acknowledged),
        "held": None if held is None else {"reason": held.reason, "by": held.by},
    }


def _hidden_members(transition: Transition, released: int | None, held: Decided | None) -> Members:
    shown = ("told", "transition", "id", "thread", "scope", "rule", "title", "severity", "status")
    numbers = ("first_day", "last_day", "value", "peak")
    return {
        **{name: transition[name] for name in (*shown, *numbers)},
        "released": None if released is None else time_text(released),
        "held": None if held is None else {"reason": held.reason, "by": held.by},
    }


def _alert(transition: Transition) -> Members:
    names = ("id", "thread", "transition", "scope", "rule", "title", "severity", "status", "first_day", "last_day")
    return {name: transition[name] for name in names}


def _how(entry: Entry) -> str:
    transition = entry.transition
    how, threshold = transition["transition"], transition["threshold"]
    if entry.first and how == "updated":
        # What came before was held back: to people it is new.
        how = "raised"
    last = "" if transition["last_day"] == NO_END else transition["last_day"]
    days = f"{how} {transition['first_day']} … {last}".rstrip()
    # One of one says nothing that the title does not.
    number = f", {transition['value']} of {threshold}" if threshold is not None and threshold > 1 else ""
    peak = f", peak {transition['peak']}" if transition["peak"] != transition["value"] else ""
    said = how in ENDED or "renewal" in transition
    why = f" ({transition['reason']})" if said else ""
    return days + _about(transition) + number + peak + why


def _about(transition: Transition) -> str:
    """The actor or method, or the event, that tells the alert from others of its rule and scope."""
    subject: str = transition.get("subject") or ""
    if subject.startswith(("actor:", "method:")):
        return f", {subject}"
    titles = [cause["title"] for cause in transition["causes"] if cause["id"] == subject and cause["title"]]
    return f", {shorten(titles[0], TITLE_LETTERS, placeholder=' …')}" if titles else ""


def _place(transition: Transition) -> tuple[str, str, str]:
    return transition["id"], transition["told"], transition["transition"]
