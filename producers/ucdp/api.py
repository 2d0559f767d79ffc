"""UCDP's API: the events of one version of the dataset, in pages.

An answer is {"TotalCount", "TotalPages", "PreviousPageUrl", "NextPageUrl", "Result": [...]} with at most 1,000 rows of
the columns of the CSV; NextPageUrl is empty on the last page. Since 2026 a token goes along as `x-ucdp-access-token`;
5,000 requests a day are allowed. Source: UCDP's API documentation. Nothing in an answer says what is new, so a look
reads all pages, and a page whose bytes are those of last time is not published again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from producers.rows import Parse
from producers.watching.positions import WHOLE, State
from producers.watching.watch import Delivery
from producers.watching.web import Answer, Later, Web, shown

PAGE_ROWS: Final = 1000
_DIGITS: Final = 16


class UcdpApi:
    """The pages that start at an address such as https://ucdpapi.pcr.uu.se/api/gedevents/26.1."""

    def __init__(self, web: Web, url: str, parse: Parse, *, token: str | None) -> None:
        """`token`: what UCDP gave for access."""
        self.source = _without_paging(url)
        self._web = web
        self._url = url
        self._parse = parse
        self._headers = {"x-ucdp-access-token": token} if token else {}

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield each page that is new or has changed; a walk that was cut short goes on where it was.

        Raises:
            Later, Denied, Failed: a page cannot be had.
        """
        state = known.get(WHOLE, {})
        pages: list[dict[str, Any]] = list(state.get("pages", ()))
        number, last = state.get("next") or 0, state
        query = pages[number - 1]["next"] if number else _first_query(self._url)
        while query is not None:
            before = pages[number] if number < len(pages) and pages[number]["query"] == query else None
            answer = self._web.get(
                _with_query(self._url, query), known=before and before["validators"], headers=self._headers
            )
            if answer is None and before is not None:
                number, query = number + 1, before["next"]
                continue
            page, rows = _page(answer, query, self.source)
            pages[number:] = [page] if before is None else [page, *pages[number + 1 :]]
            number, query = number + 1, page["next"]
            if query is None:
                del pages[number:]
            if before is None or before["digest"] != page["digest"]:
                last = {"pages": list(pages), "next": None if query is None else number}
                name = f"{self.source} page {number}"
                yield Delivery(name, self._parse(io.BytesIO(rows), name) if rows else (), last)
        done = {"pages": pages, "next": None}
        if last != done:
            # What was left of the walk held nothing new; the next one begins at the first page again.
            yield Delivery(self.source, (), done, note="read to the last page")


def _page(answer: Answer | None, query: str, source: str) -> tuple[dict[str, Any], bytes]:
    """Return what is remembered of a page, and its bytes; none when it has no row."""
    if answer is None:
        raise Later(f"{source}: answered 304 to a page that is not known")
    try:
        members = orjson.loads(answer.body)
        result, following = members["Result"], members.get("NextPageUrl") or None
        if not isinstance(result, list) or not isinstance(following, (str, type(None))):
            raise TypeError("Result is no list")
    except (ValueError, TypeError, KeyError) as error:
        raise Later(f"{source}: a page is not as documented: {error}") from error
    page = {
        "query": query,
        "next": None if following is None else urlsplit(following).query,
        "digest": sha256(orjson.dumps(result)).hexdigest()[:_DIGITS],
        "validators": answer.validators,
    }
    return page, answer.body if result else b""


def _first_query(url: str) -> str:
    asked = dict(parse_qsl(urlsplit(url).query))
    asked.setdefault("pagesize", str(PAGE_ROWS))
    return urlencode(asked)


def _with_query(url: str, query: str) -> str:
    """Only the query of a next page is believed: behind a proxy its host and scheme are another's."""
    return urlunsplit((*urlsplit(url)[:3], query, ""))


def _without_paging(url: str) -> str:
    """Return the address by which its position is found again: what is asked for, not in which portions."""
    asked = [(name, value) for name, value in parse_qsl(urlsplit(url).query) if name not in ("pagesize", "page")]
    return shown(url) + ("?" + urlencode(asked) if asked else "")
