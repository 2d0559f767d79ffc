"""Atom feeds: for each scope what is current, one entry an open alert, with a link to its CAP message in force.

Rules kept here:
- An entry links to the message and does not hold it: feed readers show people the content, and of a message that stands
  in it they show nothing.
- The id of an entry is that of its thread, so that a feed reader shows an alert that changed as the same one, updated.
- Nothing asks a clock: an entry and a feed are `updated` when the log took the last transition, one that took an
  entry away included. (An exercise's own times lie in the past, and would make every update look read.)
Source: RFC 4287.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from subscribers.formats.areas import area_of
from subscribers.formats.cap import Message, Profile, standing_messages
from subscribers.formats.cap_document import MEDIA_TYPE
from subscribers.formats.cap_text import clean, description, headline

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 80


class Feed(NamedTuple):
    """A feed, and the messages that its entries link to, the newest first."""

    messages: list[Message]
    document: bytes


def message_path(message: Message) -> str:
    """Return where the document of a message lies, seen from the feed."""
    return f"messages/{message.identifier}.xml"


def atom_feeds(
    messages: Iterable[Message], profile: Profile, *, address: Callable[[Message], str] = message_path
) -> dict[str, Feed]:
    """Return the feed of each scope that anything was ever told of, by scope.

    `messages` are all messages of these scopes, in their order, of transitions with `told`. A feed of a scope where
    nothing is current has no entry. `address` says where a message's document is, seen from the feed.
    """
    whole = list(messages)
    changed: dict[str, str] = {}
    began: dict[str, str] = {}
    for message in whole:
        scope, thread = message.transition["scope"], message.transition["thread"]
        changed[scope] = _told(message)
        began.setdefault(thread, _told(message))
    current: dict[str, list[Message]] = {scope: [] for scope in sorted(changed)}
    for message in standing_messages(whole):
        if message.shown["status"] == "open":
            current[message.shown["scope"]].append(message)
    feeds = {}
    for scope, entries in current.items():
        newest = sorted(entries, key=lambda each: (_told(each), each.identifier), reverse=True)
        feeds[scope] = Feed(newest, _feed(scope, newest, profile, changed=changed[scope], began=began, address=address))
    return feeds


def atom_entry(message: Message, profile: Profile, *, began: str, address: str) -> bytes:
    """Return one alert as an entry document; `began` is when its thread was first told."""
    entry = Element("entry", {"xmlns": NAMESPACE})
    _add_entry(entry, message, profile, began=began, address=lambda _: address)
    # Where no feed names the author, the entry has to (RFC 4287, section 4.1.2).
    _add(SubElement(entry, "author"), "name", profile.sender)
    return _document(entry)


def feed_name(scope: str) -> str:
    """Return a file name for the feed of a scope, fit for every file system and every address; no two share one."""
    kind, _, name = scope.partition(":")
    plain = _UNSAFE.sub("-", name)[:_LONGEST_NAME]
    stem = f"{kind}.{plain}" if name else _UNSAFE.sub("-", kind)
    if stem.replace(".", ":", 1) != scope:
        stem += f".{sha256(scope.encode()).hexdigest()[:8]}"
    return f"{stem}.atom"


def _feed(
    scope: str,
    entries: list[Message],
    profile: Profile,
    *,
    changed: str,
    began: dict[str, str],
    address: Callable[[Message], str],
) -> bytes:
    feed = Element("feed", {"xmlns": NAMESPACE})
    _add(feed, "id", _id(profile, "scope", scope))
    _add(feed, "title", f"Vigil alerts: {area_of(scope, profile.hosts).words} ({scope})")
    _add(feed, "updated", changed)
    _add(SubElement(feed, "author"), "name", profile.sender)
    _add(feed, "generator", "Vigil")
    if profile.restriction:
        _add(feed, "rights", profile.restriction)
    for message in entries:
        entry = SubElement(feed, "entry")
        _add_entry(entry, message, profile, began=began[message.shown["thread"]], address=address)
    return _document(feed)


def _add_entry(
    entry: Element, message: Message, profile: Profile, *, began: str, address: Callable[[Message], str]
) -> None:
    alert = message.shown
    _add(entry, "id", _id(profile, "thread", alert["thread"]))
    _add(entry, "title", headline(message, area_of(alert["scope"], profile.hosts)))
    _add(entry, "updated", _told(message))
    _add(entry, "published", began)
    SubElement(entry, "category", {"term": alert["rule"], "label": clean(alert["title"])})
    _add(entry, "summary", description(message))
    if profile.web:
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": f"{profile.web}{alert['id']}"})
    SubElement(entry, "link", {"rel": "alternate", "type": MEDIA_TYPE, "href": address(message)})


def _document(root: Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _id(profile: Profile, kind: str, name: str) -> str:
    """An id for ever, of this sender's: the same in every feed and on every machine."""
    return uuid5(NAMESPACE_URL, f"cap:{profile.sender}/{kind}/{name}").urn


def _told(message: Message) -> str:
    told: str = message.transition["told"]
    return told


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = clean(text)
