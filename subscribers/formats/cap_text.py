"""The words of a CAP message: what people read of an alert, and the characters that XML lets them read."""

from __future__ import annotations

import re
from typing import Final

from schemas.alert import NO_END
from subscribers.formats.areas import Area
from subscribers.formats.cap import Message, Transition

HEADLINE: Final = 160
"""A headline is at most so long, as the standard recommends."""
_TITLE: Final = 200
# All that XML 1.0 allows, less the control characters that it only tolerates.
_FORBIDDEN: Final = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEFORE: Final = {
    "raised": "",
    "updated": "Updated: ",
    "superseded": "Updated: ",
    "resolved": "Over: ",
    "cancelled": "Cancelled: ",
}


def clean(text: str) -> str:
    """Return the text on one line; what XML forbids becomes the replacement character, so that its loss shows."""
    return _FORBIDDEN.sub("\ufffd", " ".join(text.split()))


def shorten(text: str, most: int) -> str:
    """Return at most so many characters; an ellipsis stands for what is left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def event_name(alert: Transition) -> str:
    """Return what the rule calls what happened; its id where the title has nothing to read."""
    return clean(alert["title"]) or alert["rule"]


def headline(message: Message, area: Area) -> str:
    """Return one line that says what, where and when."""
    alert = message.shown
    before = _BEFORE[message.transition["transition"]]
    after = f": {clean(area.words)}, {_days(alert)}"
    room = max(HEADLINE - len(before) - len(after), HEADLINE // 4)
    return shorten(before + shorten(event_name(alert), room) + after, HEADLINE)


def description(message: Message) -> str:
    """Return sentences: what changed and why, the numbers, when it was known, and the causes with their sources."""
    alert = message.shown
    sentences = [_what_changed(message), _numbers(alert), f"Days: {_days(alert)}.", _known(alert), _causes(alert)]
    return " ".join(sentence for sentence in sentences if sentence)


def _days(alert: Transition) -> str:
    first, last = alert["first_day"], alert["last_day"]
    if last == NO_END:
        return f"since {first}"
    return first if first == last else f"{first} to {last}"


def _what_changed(message: Message) -> str:
    transition = message.transition
    if transition["transition"] != "superseded":
        # The reason of a cancellation names the correction itself.
        return f"{transition['reason'][:1].upper()}{transition['reason'][1:]}."
    said = f"Alert {transition['id']} goes on as this one, {message.shown['id']}."
    correction = transition.get("correction")
    if correction is None:
        return said
    what = "withdrawn" if correction["state"] == "withdrawn" else "published"
    return f"{said} {correction['id']} was {what} on {correction['publish_time'][:10]}."


def _numbers(alert: Transition) -> str:
    said = []
    if alert["threshold"] is not None:
        said.append(f"Value {alert['value']}, highest {alert['peak']}, threshold {alert['threshold']}.")
    if alert.get("expected") is not None:
        said.append(f"Expected {alert['expected']}; probability by chance {alert['p_value']}.")
    if alert.get("deadline") is not None:
        said.append(f"Deadline {alert['deadline']}.")
    if alert.get("renewal") is not None:
        said.append(f"Renewed by {clean(alert['renewal'])}.")
    subject = alert.get("subject")
    if subject is not None and [subject] != [cause["id"] for cause in alert["causes"]]:
        said.append(f"About {clean(subject)}.")
    return " ".join(said)


def _known(alert: Transition) -> str:
    late = ", too late to help" if alert["late"] else ""
    return f"By {alert['feed']}; known since {alert['known']}{late}."


def _causes(alert: Transition) -> str:
    if not alert["causes"]:
        return ""
    named, total = len(alert["causes"]), alert["causes_total"]
    which = f"{total}" if named == total else f"{total}, the first {named} by id"
    causes = [f"({number}) {_cause(cause)}" for number, cause in enumerate(alert["causes"], 1)]
    return f"Causes ({which}): {'; '.join(causes)}."


def _cause(cause: Transition) -> str:
    title = shorten(clean(cause["title"] or ""), _TITLE)
    named = f"{cause['id']} {title}" if title else cause["id"]
    return f"{named} [{cause['source']}]"
