"""Transitions: the records of the alerts topic, each the whole alert and how it was told.

`TELLING` names the members that say how; without them a record is the standing alert.
"""

from __future__ import annotations

from typing import Any

from schemas.alert import ENDED
from timeline.correction import Correction
from timeline.times import DAY, day_text

Record = dict[str, Any]
"""A record of the alerts topic as JSON types."""

TELLING = ("transition", "thread", "replaces", "reason", "heir", "survivor", "notify", "correction")

RULE_CHANGED = "the rule changed"
_NO_LONGER = "the condition no longer holds"


def standing_alert(record: Record) -> Record | None:
    """Return the alert that a record of the alerts topic leaves standing, without how it was told; None if it ended."""
    if record["transition"] in ENDED:
        return None
    return {name: value for name, value in record.items() if name not in TELLING}


def raised(members: Record, thread: str, replaced: list[Record], *, noticed: bool) -> Record:
    replaces = sorted(record["id"] for record in replaced)
    reason = f"it continues {', '.join(replaces)}" if replaces else "the condition holds"
    notify = members["status"] == "open" or noticed or any(record["notify"] for record in replaced)
    return {**members, **_telling("raised", thread, reason, replaces=replaces, notify=notify)}


def updated(old: Record, members: Record, replaced: list[Record]) -> Record | None:
    changed = [name for name, value in members.items() if old.get(name) != value]
    replaces = sorted(record["id"] for record in replaced)
    if not changed and not replaces:
        return None
    over = old["status"] == "open" and members["status"] == "resolved"
    renewed = [f"renewed by {members['renewal']}"] if "renewal" in changed else []
    why = [*renewed, *([f"it continues {', '.join(replaces)}"] if replaces else [])]
    if "rule_version" in changed:
        why.append(RULE_CHANGED)
    if changed:
        why.append(f"changed: {', '.join(changed)}")
    notify = old["notify"] or members["status"] == "open" or any(record["notify"] for record in replaced)
    transition = "resolved" if over else "updated"
    reason = "its last day is over" if over and changed == ["status"] else "; ".join(why)
    return {**members, **_telling(transition, old["thread"], reason, replaces=replaces, notify=notify)}


def no_longer(correction: Correction | None) -> str:
    """Return the reason of an alert that no longer stands under the same rule."""
    if correction is None:
        return _NO_LONGER
    what = "withdrawn" if correction.withdrawn else "published"
    return f"{_NO_LONGER}: {correction.id} was {what} on {day_text(correction.publish_time // DAY)}"


def ended(old: Record, reason: str, correction: Correction | None) -> Record:
    said = _telling("cancelled", old["thread"], reason, replaces=[], notify=old["notify"], correction=correction)
    return {**old, **said}


def superseded(old: Record, heir: str, survivor: str, *, notify: bool, correction: Correction | None) -> Record:
    reason = f"it goes on as {heir}"
    said = _telling("superseded", old["thread"], reason, replaces=[], notify=notify, correction=correction)
    return {**old, **said, "heir": heir, "survivor": survivor}


def _telling(
    transition: str,
    thread: str,
    reason: str,
    *,
    replaces: list[str],
    notify: bool,
    correction: Correction | None = None,
) -> Record:
    return {
        "transition": transition,
        "thread": thread,
        "replaces": replaces,
        "reason": reason,
        "heir": None,
        "survivor": None,
        "notify": notify,
        "correction": None if correction is None else correction.members(),
    }
