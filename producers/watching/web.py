"""What is fetched from a provider: one request at a time, paced, bounded in size, and never told who asks.

Rules kept here:
- What passes (no connection, a cut answer, 408, 429, 5xx) raises Later, with the provider's own Retry-After where it
  gave one. Everything else that is no answer raises Failed. Nothing is tried again here: the caller knows its position.
- Errors name the address without its query, so that no key in it is printed; headers are never printed.
- A redirect is followed only within the same host: what a header proves to one host is not shown to another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError

from schemas.errors import Failed, Transient

TIMEOUT_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.5
LIMIT_BYTES: Final = 256 << 20
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PASSING: Final = (408, 425, 429)
_MOST_REDIRECTS: Final = 3
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_PART_BYTES: Final = 1 << 20


class Later(Transient):
    """Trouble that passes; `retry_after_seconds` is how long the provider asked to be left alone, if it did."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(reason)


class Missing(Failed):
    """There is nothing at this address (404, 410)."""


class Denied(Failed):
    """The provider wants other credentials (401, 403)."""


class Answer(NamedTuple):
    """A body with what tells, the next time, whether it has changed since: `etag` and `last_modified`."""

    body: bytes
    etag: str | None
    last_modified: str | None

    @property
    def validators(self) -> dict[str, str]:
        """Return what to hand in as `known` the next time."""
        said = {"etag": self.etag, "last_modified": self.last_modified}
        return {name: value for name, value in said.items() if value}


class Web:
    """Fetches over HTTP. `wait` sleeps between requests, so that no two come within `pause_seconds`."""

    def __init__(
        self,
        *,
        wait: Callable[[float], object] = time.sleep,
        pause_seconds: float = PAUSE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._wait = wait
        self._pause_seconds = pause_seconds
        self._limit_bytes = limit_bytes
        self._last: float | None = None
        self._pool = urllib3.PoolManager(
            timeout=timeout_seconds, retries=False, headers={"user-agent": "vigil", "accept-encoding": "gzip"}
        )

    def get(
        self, url: str, *, known: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        """Return what stands at `url`, or None when it has not changed since the answer whose validators are `known`.

        Raises:
            Later, Missing, Denied, Failed: as the module says.
        """
        asked = dict(headers or {})
        if known and "etag" in known:
            asked["if-none-match"] = known["etag"]
        if known and "last_modified" in known:
            asked["if-modified-since"] = known["last_modified"]
        return self._request("GET", url, headers=asked)

    def post_form(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Return the answer to a form. Raises: as `get`."""
        answer = self._request("POST", url, headers=_FORM, body=urlencode(fields))
        if answer is None:
            raise Failed(f"{shown(url)}: answered 304 to a form")
        return answer

    def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: str | None = None,
    ) -> Answer | None:
        for _ in range(_MOST_REDIRECTS + 1):
            self._keep_pace()
            try:
                response = self._pool.request(
                    method,
                    url,
                    body=body,
                    headers={**self._pool.headers, **headers},
                    redirect=False,
                    preload_content=False,
                )
                try:
                    if response.status not in _REDIRECTS:
                        return self._answer(url, response)
                finally:
                    # What was read whole went back to the pool before; the rest of another answer is not waited for.
                    response.close()
            except (HTTPError, OSError) as error:
                raise Later(f"{shown(url)}: {type(error).__name__}, no whole answer") from error
            url = _moved(url, response.headers.get("location", ""))
        raise Failed(f"{shown(url)}: redirects without end")

    def _answer(self, url: str, response: urllib3.BaseHTTPResponse) -> Answer | None:
        status = response.status
        if status == 304:
            return None
        if status in _PASSING or status >= 500:
            raise Later(f"{shown(url)}: answered {status}", _retry_after(response.headers.get("retry-after")))
        if status in (404, 410):
            raise Missing(f"{shown(url)}: answered {status}")
        if status in (401, 403):
            raise Denied(f"{shown(url)}: answered {status}, it wants other credentials")
        if status != 200:
            raise Failed(f"{shown(url)}: answered {status}")
        parts, size = [], 0
        for part in response.stream(_PART_BYTES):
            size += len(part)
            if size > self._limit_bytes:
                raise Failed(f"{shown(url)}: answers with more than {self._limit_bytes} bytes")
            parts.append(part)
        return Answer(b"".join(parts), response.headers.get("etag"), response.headers.get("last-modified"))

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if self._last is not None and now < self._last + self._pause_seconds:
            self._wait(self._last + self._pause_seconds - now)
        self._last = time.monotonic()


def shown(url: str) -> str:
    """Return an address as it may be printed: without its query and without a user's name and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _moved(url: str, location: str) -> str:
    target = urljoin(url, location)
    if not location or urlsplit(target).hostname != urlsplit(url).hostname:
        raise Failed(f"{shown(url)}: has moved to {shown(target)}; name that address if you trust it")
    return target


def _retry_after(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
