"""CAP 1.2 documents: a message as XML, on one line, in the order of elements that the schema wants.

Source: Common Alerting Protocol Version 1.2, OASIS Standard of 1 July 2010, section 3.2. Only what is known is said:
there is no instruction, no contact and no response type, since counts of reports do not tell people what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from schemas.alert import NO_END
from subscribers.formats.areas import area_of
from subscribers.formats.cap import Message, Profile, Transition, cap_midnight, cap_time
from subscribers.formats.cap_text import clean, description, event_name, headline
from subscribers.formats.cause_links import Link, Links

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_SOURCES: Final = 20
MEDIA_TYPE: Final = "application/cap+xml"
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_NOTES: Final = {
    "Exercise": "Exercise vigil-replay: told from a log of the past, or too late to warn anybody. Not for action.",
    "Test": "A test of the system. Not for action.",
}
# Members of the alert that programs read, in this order; how it was told follows.
PARAMETERS: Final = (
    *("id", "rule", "rule_version", "scope", "status", "first_day", "last_day", "value", "peak", "threshold"),
    *("expected", "p_value", "deadline", "renewal", "subject", "feed", "known", "late", "causes_total"),
)
_TELLING: Final = ("transition", "thread", "replaces", "reason", "heir", "survivor", "notify")


def cap_document(message: Message, profile: Profile, links: Links) -> bytes:
    """Return the message as an XML document in UTF-8, without a line break."""
    alert = Element("alert", {"xmlns": NAMESPACE})
    _add(alert, "identifier", message.identifier)
    _add(alert, "sender", message.sender)
    _add(alert, "sent", message.sent)
    _add(alert, "status", message.status)
    _add(alert, "msgType", message.kind)
    _add(alert, "source", f"Vigil rule {message.shown['rule']}")
    _add(alert, "scope", "Restricted" if profile.restriction else "Public")
    _add(alert, "restriction", profile.restriction)
    _add(alert, "note", _NOTES.get(message.status))
    _add(alert, "references", " ".join(message.references))
    # What readers that miss a message can still collect a thread by.
    _add(alert, "incidents", message.transition["thread"])
    _add_info(SubElement(alert, "info"), message, profile, links)
    return _DECLARATION + tostring(alert, encoding="unicode").encode()


def _add_info(info: Element, message: Message, profile: Profile, links: Links) -> None:
    alert = message.shown
    area = area_of(alert["scope"], profile.hosts)
    over = alert["status"] == "resolved" or message.kind == "Cancel"
    _add(info, "language", "en")
    # A feed that publishes nothing endangers nobody.
    _add(info, "category", "Other" if "@" in alert["scope"] else "Security")
    _add(info, "event", event_name(alert))
    _add(info, "urgency", "Past" if alert["status"] == "resolved" else _word(alert, "urgency"))
    _add(info, "severity", _word(alert, "severity"))
    _add(info, "certainty", _word(alert, "certainty"))
    _add_pairs(info, "eventCode", [("vigil:rule", alert["rule"])])
    _add(info, "effective", cap_time(alert["known"]))
    _add(info, "onset", cap_midnight(alert["first_day"]))
    # What tells that it is over would be dropped unread if it expired with the alert.
    _add(
        info, "expires", None if over or alert["last_day"] == NO_END else cap_midnight(alert["last_day"], days_after=1)
    )
    _add(info, "senderName", "Vigil")
    _add(info, "headline", headline(message, area))
    _add(info, "description", description(message))
    _add(info, "web", f"{profile.web}{alert['id']}" if profile.web else None)
    _add_pairs(info, "parameter", _parameters(message))
    for cause, link in _sources(alert, links):
        resource = SubElement(info, "resource")
        _add(resource, "resourceDesc", clean(link.title or "") or f"Source of {cause}")
        _add(resource, "mimeType", "application/pdf" if link.address.lower().endswith(".pdf") else "text/html")
        _add(resource, "uri", link.address)
    place = SubElement(info, "area")
    _add(place, "areaDesc", clean(area.words) or alert["scope"])
    _add_pairs(place, "geocode", area.codes)


def _sources(alert: Transition, links: Links) -> list[tuple[str, Link]]:
    """The links of the causes, each address once, with the first cause that has it."""
    found: dict[str, tuple[str, Link]] = {}
    for cause in alert["causes"]:
        for link in links.get((cause["id"], cause["content"]), ()):
            found.setdefault(link.address, (cause["id"], link))
    return list(found.values())[:MOST_SOURCES]


def _parameters(message: Message) -> list[tuple[str, str]]:
    alert, transition = message.shown, message.transition
    pairs = [(f"vigil:{name}", _text(alert.get(name))) for name in PARAMETERS]
    pairs += [("vigil:cause", f"{cause['id']} {cause['content']}") for cause in alert["causes"]]
    if alert["id"] != transition["id"]:
        pairs.append(("vigil:superseded", transition["id"]))
    pairs += [(f"vigil:{name}", _text(transition.get(name))) for name in _TELLING]
    correction = transition.get("correction") or {}
    pairs += [(f"vigil:correction_{name}", _text(value)) for name, value in correction.items()]
    return pairs


def _word(alert: Transition, name: str) -> str:
    """A word of CAP; alerts that were told before rules had the member have none."""
    return str(alert.get(name, "unknown")).capitalize()


def _text(value: Any) -> str:
    """Return a member as text: lists with blanks between, nothing for what is absent."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _add_pairs(parent: Element, name: str, pairs: Iterable[tuple[str, str]]) -> None:
    for value_name, value in pairs:
        if clean(value):
            pair = SubElement(parent, name)
            _add(pair, "valueName", value_name)
            _add(pair, "value", value)


def _add(parent: Element, name: str, text: str | None) -> None:
    """Add an element, unless there is nothing to say: an empty element says less than none."""
    said = clean(text or "")
    if said:
        SubElement(parent, name).text = said
