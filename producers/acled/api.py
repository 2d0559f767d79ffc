"""ACLED's API: what was added, changed and deleted since the last look.

A token is had for an account's name and password at /oauth/token and lives for a day. /api/acled/read?_format=json
answers {"status", "success", "count", "data": [...]} with at most `limit` rows a page, up to the first page with fewer;
`timestamp`, when a row was uploaded, selects those from then on. /api/deleted/read lists `event_id_cnty` and
`deleted_timestamp` likewise. Source: ACLED's API documentation.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from producers.recognise import ACLED
from producers.rows import DeadLetter, Parse, Position, Published, Row
from producers.watching.positions import WHOLE, State
from producers.watching.watch import Delivery
from producers.watching.web import Denied, Later, Web, shown
from schemas.errors import BadInput, Failed
from schemas.event import check_event

PAGE_ROWS: Final = 5000
MOST_SEEN: Final = 20_000
"""So many ids of one second are remembered at most, so that a position fits into a record."""
_READ: Final = "/api/acled/read"
_DELETED: Final = "/api/deleted/read"
_TOKEN: Final = "/oauth/token"  # noqa: S105 - where one is had
# A token is asked for anew a while before it ends.
_MARGIN_SECONDS: Final = 600.0
# Deletions of the day before the first look may have been made while it was read.
_OVERLAP_SECONDS: Final = 86_400
Object = dict[str, Any]


class AcledApi:
    """ACLED at an address such as https://acleddata.com; a query behind it (country=Mali) narrows what is read."""

    def __init__(
        self,
        web: Web,
        url: str,
        parse: Parse,
        *,
        user: str,
        password: str,
        now: Callable[[], float] = time.time,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        parts = urlsplit(url)
        self._base = urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix(_READ).rstrip("/"), "", ""))
        self._asked = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("limit", "page", "_format")]
        self.source = shown(self._base) + ("?" + urlencode(self._asked) if self._asked else "")
        self._web = web
        self._parse = parse
        self._account = {"username": user, "password": password, "grant_type": "password", "client_id": "acled"}
        self._now = now
        self._page_rows = page_rows
        self._token = ""
        self._token_ends = 0.0

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield the pages of what was uploaded since the last walk, then what was deleted.

        A state is {timestamp, seen: ids of that timestamp, deleted, and while a walk is under way walk: {page, newest,
        seen}}: what is read again because it shares the last timestamp is not published again.

        Raises:
            Later, Denied, Failed: a page cannot be had.
        """
        state = dict(known.get(WHOLE, {}))
        state.setdefault("deleted", int(self._now()) - _OVERLAP_SECONDS)
        yield from self._uploaded(state)
        yield from self._deleted(state)

    def _uploaded(self, state: State) -> Iterator[Delivery]:
        since, before = state.get("timestamp", 0), set(state.get("seen", ()))
        walk = dict(state.get("walk") or {"page": 1, "newest": since, "seen": sorted(before)})
        filters = [*self._asked, *([("timestamp", str(since))] if since else [])]
        more, unfinished = True, "walk" in state
        while more:
            objects = self._page(_READ, [*filters, ("page", str(walk["page"]))])
            more = len(objects) >= self._page_rows
            fresh = [each for each in objects if _number(each, "timestamp") > since or _id(each) not in before]
            _advance(walk, fresh)
            name = f"{self.source} page {walk['page']}"
            walk["page"] += 1
            if more:
                state["walk"] = dict(walk)
            else:
                state.pop("walk", None)
                state.update(timestamp=walk["newest"], seen=walk["seen"])
            if fresh:
                yield Delivery(name, self._parse(io.BytesIO(as_table(fresh)), name), dict(state))
                unfinished = more
        if unfinished:
            yield Delivery(self.source, (), dict(state), note="read to the last page")

    def _deleted(self, state: State) -> Iterator[Delivery]:
        since, before, page, more = state["deleted"], set(state.get("deleted_seen", ())), 1, True
        newest = {"newest": since, "seen": sorted(before)}
        gone: list[Object] = []
        while more:
            objects = self._page(_DELETED, [("deleted_timestamp", str(since)), ("page", str(page))])
            more, page = len(objects) >= self._page_rows, page + 1
            gone += [each for each in objects if _deleted_at(each) > since or _id(each) not in before]
        _advance(newest, gone, "deleted_timestamp")
        if gone:
            state.update(deleted=newest["newest"], deleted_seen=newest["seen"])
            name = f"{self.source} deletions"
            yield Delivery(name, deletions(gone, name), dict(state))

    def _page(self, path: str, query: Sequence[tuple[str, str]]) -> list[Object]:
        asked = urlencode([("_format", "json"), ("limit", str(self._page_rows)), *query])
        try:
            body = self._get(f"{self._base}{path}?{asked}")
        except Denied:
            # A token can end before its time; the second refusal is meant.
            self._token_ends = 0.0
            body = self._get(f"{self._base}{path}?{asked}")
        try:
            members = orjson.loads(body)
            found = members["data"]
            if members.get("success") is False or not all(isinstance(each, dict) for each in found):
                raise TypeError(str(members.get("error") or members.get("messages") or "no success"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Later(f"{shown(self._base + path)}: the answer is not as documented: {error}") from error
        return list(found)

    def _get(self, url: str) -> bytes:
        answer = self._web.get(url, headers={"authorization": f"Bearer {self._bearer()}"})
        return b"" if answer is None else answer.body

    def _bearer(self) -> str:
        if self._now() < self._token_ends:
            return self._token
        answer = self._web.post_form(self._base + _TOKEN, self._account)
        try:
            members = orjson.loads(answer.body)
            self._token = str(members["access_token"])
            self._token_ends = self._now() + float(members.get("expires_in", 0)) - _MARGIN_SECONDS
        except (ValueError, TypeError, KeyError) as error:
            raise Failed(f"{shown(self._base + _TOKEN)}: gave no token") from error
        return self._token


def as_table(objects: Sequence[Object]) -> bytes:
    """Return objects as a CSV table of their members, as the adapter reads it; null is an empty cell."""
    names = list(dict.fromkeys(name for each in objects for name in each))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(each.get(name)) for name in names] for each in objects)
    return text.getvalue().encode("utf-8", "replace")


def deletions(objects: Sequence[Object], name: str) -> Iterator[Row]:
    """Yield the withdrawal of each deleted event.

    ACLED does not say what kind of event it was; a withdrawal counts nowhere, so each is one of an `attack`.
    """
    for number, each in enumerate(objects, 1):
        try:
            yield Published(
                check_event(
                    {
                        "id": f"{ACLED}:{_id(each)}",
                        "source": ACLED,
                        "type": "attack",
                        "state": "withdrawn",
                        "publish_time": datetime.fromtimestamp(_deleted_at(each), UTC).isoformat(),
                        "reason": "deleted by ACLED",
                    }
                )
            )
        except BadInput as error:
            raw = orjson.dumps(each)
            yield DeadLetter(error.reason, error.field, Position(name, number, number), raw, len(raw))


def _advance(walk: Object, objects: Sequence[Object], member: str = "timestamp") -> None:
    """Move the newest timestamp of a walk on; `seen` are the ids that share it."""
    newest, seen = walk["newest"], set(walk["seen"])
    for each in objects:
        at = _number(each, member)
        if at > newest:
            newest, seen = at, set()
        if at == newest:
            seen.add(_id(each))
    if len(seen) > MOST_SEEN:
        # A whole upload shares its second: what comes after it is later.
        newest, seen = newest + 1, set()
    walk.update(newest=newest, seen=sorted(seen))


def _deleted_at(each: Object) -> int:
    return _number(each, "deleted_timestamp")


def _number(each: Object, member: str) -> int:
    text = str(each.get(member, ""))
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _id(each: Object) -> str:
    return str(each.get("event_id_cnty", ""))


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
