"""What people decide by HTTP: the checks that the command line makes too, and who it is recorded as.

Rules kept here:
- Whoever has a token decides under its name; without one (on loopback) the body says who.
- What is known is what the read model holds. It may be a moment behind: two who acknowledge an alert at once may both
  be taken down, which changes nothing but who is named first.
- A key that comes again (`Idempotency-Key`) gives the same command, which counts once; one that is known already is
  answered as it was taken.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from fastapi import Request
from sqlalchemy import Connection

from schemas.command import Decision
from schemas.countries import COUNTRIES
from subscribers.http.callers import Caller
from subscribers.http.problems import KINDS, Problem, invalid, not_found
from subscribers.read_model.queries.alerts import families, named
from subscribers.read_model.queries.people import said_of
from subscribers.read_model.queries.rules import rules_in_force
from timeline.people import People, Silencing, fold_people, said_members
from timeline.times import time_text

_ID = re.compile(r"[0-9a-f]{4,64}")


class Heard(NamedTuple):
    """A thread as it goes on now, how it was told last, and what people said of it."""

    thread: str
    alert: dict[str, Any]
    people: People


def author(caller: Caller, by: str | None) -> str:
    """Return who decides. Raises: Problem (422) when nobody is named, or another than the token's owner."""
    if caller.name is None:
        if by is None:
            raise invalid("by", "say who you are, since this is recorded with a name")
        return by
    if by not in (None, caller.name):
        raise invalid("by", f"the token is that of {caller.name!r}: leave it out, or give that name")
    return caller.name


def command_id(request: Request, by: str) -> str:
    """Return the id of a command: the same for the same key, address and person; without a key always another."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return uuid.uuid4().hex
    if not 1 <= len(key) <= 200:
        raise invalid("Idempotency-Key", f"expected 1 to 200 characters, found {len(key)}")
    said = orjson.dumps([by, request.method, request.url.path, key])
    return sha256(said).hexdigest()[:32]


def hear(connection: Connection, thread: str) -> Heard:
    """Return the thread of an alert, by its own name or the alert's id. Raises: Problem (404)."""
    pairs = named(connection, thread) if _ID.fullmatch(thread) else []
    rules, scopes = {rule for rule, _ in pairs}, {scope for _, scope in pairs}
    told = [orjson.loads(text) for text in families(connection, sorted(rules), sorted(scopes))] if pairs else []
    own = [each for each in told if thread in (each["thread"], each["id"])]
    if not own:
        raise not_found(f"no alert has the thread or the id {thread!r}, all of it; see /alerts?all=true")
    people = fold_people(said_of(connection, {each["thread"] for each in told}), told)
    going_on = people.goes_on_as(own[-1]["thread"])
    # A superseded record of an heir's own thread comes after the heir's: what stands under the thread is the heir.
    latest = [each for each in told if each["thread"] == going_on and each["survivor"] != going_on]
    return Heard(going_on, (latest or own)[-1], people)


def check_open(heard: Heard) -> None:
    """Refuse to acknowledge what was cancelled, or acknowledged before. Raises: Problem (409)."""
    alert, short = heard.alert, heard.alert["id"][:12]
    if alert["transition"] == "cancelled":
        why = f"alert {short} was cancelled at {alert['told'][:16]}Z: {alert['reason']}; a comment can still be made"
        raise Problem(409, "Nothing is left to acknowledge", why, kind=KINDS[409], cancelled=alert["told"])
    if before := heard.people.acknowledgements(heard.thread):
        first = said_members(before[0])
        why = f"{first['by']} acknowledged alert {short} at {first['when'][:16]}Z already; to add something, comment"
        raise Problem(409, "Acknowledged already", why, kind=KINDS[409], by=first["by"], when=first["when"])


def check_about(connection: Connection, scope: str | None, rule: str | None) -> None:
    """Refuse a silence over what cannot be. Raises: Problem (422)."""
    kind, _, name = (scope or "").partition(":")
    if kind == "country" and name not in COUNTRIES:
        raise invalid("scope", f"{name!r} is no ISO 3166-1 alpha-3 code of a country")
    if rule is not None:
        found = rules_in_force(connection)
        if found is None or rule not in found.rules.by_id:
            raise invalid("rule", f"no rule {rule!r} is in force; see /rules")


def silences_of(connection: Connection) -> list[Silencing]:
    """Return every silence that was ever made, first to last."""
    return fold_people(said_of(connection, ()), ()).silences()


def find_silence(silences: Iterable[Silencing], silence: str) -> Silencing:
    """Return a silence by its id. Raises: Problem (404)."""
    for each in silences:
        if each.silence.id == silence:
            return each
    raise not_found(f"there is no silence {silence!r}; see /silences?all=true")


def check_in_force(silence: Silencing, now: int) -> None:
    """Refuse to end what is over. Raises: Problem (409)."""
    if silence.over > now:
        return
    ended = silence.ended
    by = None if ended is None else ended.command.by
    why = f"silence {silence.silence.id[:12]} was over at {time_text(silence.over)[:16]}Z; nothing is left to end"
    raise Problem(409, "Over already", why, kind=KINDS[409], when=time_text(silence.over), by=by)


def check_same(before: Decision, now: Decision) -> None:
    """Refuse a key that was used for something else. Raises: Problem (422)."""
    if before != now:
        raise invalid("Idempotency-Key", "it was used for another command; use a key for one command only")
