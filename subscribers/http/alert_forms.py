"""Alerts as CAP messages and Atom, of what the database holds: as `vigil alerts --format` makes them.

Messages are exercises of a sender that nobody is: who alerts the public for real names itself on the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson
from sqlalchemy import Connection

from subscribers.formats.areas import Hosts
from subscribers.formats.atom import atom_entry, atom_feeds
from subscribers.formats.cap import Message, Profile, cap_messages, standing_messages
from subscribers.formats.cap_document import cap_document
from subscribers.formats.cause_links import Links, links_in
from subscribers.http.negotiation import SEVERAL_MESSAGES
from subscribers.read_model.queries.events import Cause, documents_of
from timeline.filters import Filters

SENDER: Final = "vigil@vigil.invalid"
"""An address that never exists."""
_BOUNDARY: Final = "vigil-cap-message"
SEVERAL: Final = f"{SEVERAL_MESSAGES}; boundary={_BOUNDARY}"
Transition = dict[str, Any]


def profile_of(hosts: Hosts) -> Profile:
    """Return who sends; `hosts` gives the countries of missions."""
    return Profile(SENDER, "Exercise", hosts=hosts)


def messages_of(told: Iterable[Transition], profile: Profile) -> list[Message]:
    """Return the message of each transition, which are all of some rules and scopes, in the order of telling."""
    return list(cap_messages(told, profile))


def messages_shown(messages: Sequence[Message], page: Sequence[Transition], *, everything: bool) -> list[Message]:
    """Return the messages of a page: of alerts that stand the ones in force, of transitions each its own."""
    if everything:
        own = {_place(each.transition): each for each in messages}
        return [own[_place(each)] for each in page]
    in_force = {each.shown["id"]: each for each in standing_messages(messages)}
    return [in_force[each["id"]] for each in page if each["id"] in in_force]


def message_in_force(messages: Iterable[Message], alert: str) -> Message:
    """Return the last message about an alert: what shows it, or told its end."""
    return [each for each in messages if alert in (each.shown["id"], each.transition["id"])][-1]


def cap_body(connection: Connection, message: Message, profile: Profile) -> bytes:
    """Return one message as a document."""
    return cap_document(message, profile, _links(connection, [message])) + b"\n"


def cap_bodies(connection: Connection, messages: Sequence[Message], profile: Profile) -> bytes:
    """Return several messages, each a part of its own (RFC 2046); its Content-ID is the identifier."""
    links = _links(connection, messages)
    parts = [_part(each, cap_document(each, profile, links)) for each in messages]
    return b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])


def atom_of_scope(messages: Sequence[Message], scope: str, filters: Filters, profile: Profile) -> bytes | None:
    """Return the feed of what is open in a scope; None where nothing was ever told of it."""
    passing = [each for each in messages if filters.alert(each.transition)]
    feed = atom_feeds(passing, profile, address=lambda each: "alerts/" + cap_address(each)).get(scope)
    return None if feed is None else feed.document


def atom_of_alert(messages: Sequence[Message], message: Message, profile: Profile) -> bytes:
    """Return one alert as an entry document."""
    thread = message.shown["thread"]
    began = next(each.transition["told"] for each in messages if each.transition["thread"] == thread)
    return atom_entry(message, profile, began=began, address=cap_address(message))


def cap_address(message: Message) -> str:
    """Return where the message in force of an alert is, seen from beside it."""
    return f"{quote(message.shown['id'], safe='')}?format=cap"


def _links(connection: Connection, messages: Iterable[Message]) -> Links:
    causes = [Cause(each["id"], each["content"]) for message in messages for each in message.shown["causes"]]
    documents = documents_of(connection, causes)
    return {cause: links_in(orjson.loads(text)) for cause, text in documents.items() if '"links":[' in text}


def _part(message: Message, document: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: application/cap+xml\r\nContent-ID: <{message.identifier}@vigil.invalid>\r\n"
    return head.encode() + b"\r\n" + document + b"\r\n"


def _place(transition: Transition) -> bytes:
    return orjson.dumps(transition, option=orjson.OPT_SORT_KEYS)
