"""One event: everything that its feed asserted of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from subscribers.read_model.keys import key_text
from subscribers.read_model.queries.known import Known, by_then
from subscribers.read_model.tables import ASSERTION_SCOPES, ASSERTIONS
from timeline.as_of import Taken
from timeline.identity import decode

_T = ASSERTIONS.c
_TAKEN = (_T.document, _T.content, _T.ingest_time)


class Cause(NamedTuple):
    """What an alert rests on: an event's id, and the first digits of a content's hash."""

    id: str
    content: str


def assertions_of(connection: Connection, event_id: str, known: Known) -> list[Taken]:
    """Return what was known of an event, by stamp."""
    asked = select(*_TAKEN).where(_T.id == key_text(event_id), *by_then(ASSERTIONS, known))
    found = [_taken(*row) for row in connection.execute(asked)]
    return sorted(found, key=lambda each: each.statement.stamp)


def assertions_in(
    connection: Connection, scope: str, known: Known | None = None, *, also: Iterable[str] = ()
) -> list[Taken]:
    """Return every assertion of each event that ever belonged to the scope, and of those with these ids."""
    known = Known() if known is None else known
    base, _, feed = scope.partition("@")
    members = select(_T.id).join(ASSERTION_SCOPES, ASSERTION_SCOPES.c.seq == _T.seq)
    members = members.where(ASSERTION_SCOPES.c.scope == key_text(base), *by_then(ASSERTIONS, known))
    if feed:
        members = members.where(_T.source == key_text(feed))
    asked = select(*_TAKEN).where(*by_then(ASSERTIONS, known))
    found = [_taken(*row) for row in connection.execute(asked.where(_T.id.in_(members)))]
    named = sorted({key_text(each) for each in also} - {key_text(each.statement.id) for each in found})
    if named:
        found += [_taken(*row) for row in connection.execute(asked.where(_T.id.in_(named)))]
    return found


def documents_of(connection: Connection, causes: Iterable[Cause]) -> dict[Cause, str]:
    """Return the documents of these contents of events, as JSON text."""
    wanted = set(causes)
    ids = sorted({key_text(each.id) for each in wanted})
    digits = {key_text(each.id): each.id for each in wanted}
    found: dict[Cause, str] = {}
    for event_id, content, document in connection.execute(select(_T.id, _T.content, _T.document).where(_T.id.in_(ids))):
        cause = Cause(digits[event_id], content[:12])
        if cause in wanted:
            found[cause] = document
    return found


def _taken(document: str, content: str, ingest_time: int) -> Taken:
    return Taken(decode(document.encode(), content), ingest_time)
