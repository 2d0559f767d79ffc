"""Who a request comes from: the owner of its token, or nobody in particular on the machine itself.

Rules kept here:
- A token that is given is checked, wherever it would not be needed.
- Without one a request may do everything, but only when the server listens on loopback, tokens are not asked for, and
  no proxy says that it passes on what came from elsewhere.
- A change of the tokens' file holds within a second, without a restart; a broken file lets no token in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from schemas.errors import Failed
from subscribers.http.problems import Problem
from subscribers.log_lines import tell
from subscribers.tokens import Role, Token, find_token, read_tokens

LOOK_SECONDS: Final = 1.0
STREAMS: Final = "/stream/"
_EVERYTHING: Final[frozenset[Role]] = frozenset({"read", "push", "operate"})
_PROXIED: Final = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what they may do; `name` is the token's, None without one."""

    name: str | None
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether the roles include this one; who may operate may read."""
        return role in self.roles or (role == "read" and "operate" in self.roles)


ANYBODY: Final = Caller(None, _EVERYTHING)


class KnownTokens:
    """The tokens of a file as it is now; `required`: nothing is answered without one."""

    def __init__(self, path: Path, *, required: bool) -> None:
        """Raises: Failed when the file cannot be understood."""
        self.required = required
        self._path = path
        self._tokens = read_tokens(path)
        self._seen = _state(path)
        self._looked = time.monotonic()

    def __bool__(self) -> bool:
        self._look()
        return bool(self._tokens)

    def find(self, secret: str, now: int) -> Token | None:
        """Return the token that this is, while it is good (`now`: microseconds since 1970)."""
        self._look()
        return find_token(self._tokens, secret, now)

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        state = _state(self._path)
        if state == self._seen:
            return
        self._seen = state
        try:
            self._tokens = read_tokens(self._path)
        except (Failed, OSError) as error:
            self._tokens = []
            tell("no token is good any more", level=logging.ERROR, why=str(error))
        else:
            tell("tokens read", count=len(self._tokens))


def caller_of(scope: Mapping[str, Any], tokens: KnownTokens, now: int) -> Caller:
    """Return who the request (an ASGI scope) comes from.

    Raises:
        Problem: its token is not good, or it needs one (401).
    """
    headers = scope["headers"]
    given = [value for name, value in headers if name == b"authorization"]
    secret = _bearer(given) if given else _in_query(scope)
    if secret is not None:
        return _owner(tokens.find(secret, now))
    if tokens.required:
        raise _unauthorised("this server answers only with a token: Authorization: Bearer vgl_…")
    if any(name in _PROXIED for name, _ in headers):
        raise _unauthorised("what a proxy passes on needs a token: Authorization: Bearer vgl_…")
    return ANYBODY


def _owner(token: Token | None) -> Caller:
    if token is None:
        raise _unauthorised("the token is unknown, was revoked or has expired", error="invalid_token")
    return Caller(token.name, frozenset(token.roles))


def _bearer(given: list[bytes]) -> str:
    scheme, _, secret = given[0].partition(b" ")
    if len(given) != 1 or scheme.lower() != b"bearer" or not secret.strip():
        raise _unauthorised("expected one header Authorization: Bearer vgl_…", error="invalid_request")
    return secret.strip().decode("latin-1")


def _in_query(scope: Mapping[str, Any]) -> str | None:
    """Return the token of a stream's address: an EventSource can set no headers."""
    if not scope["path"].startswith(STREAMS):
        return None
    said = parse_qs(scope["query_string"].decode("latin-1")).get("access_token")
    return None if said is None else said[0]


def _unauthorised(detail: str, *, error: str | None = None) -> Problem:
    asks = 'Bearer realm="vigil"' + ("" if error is None else f', error="{error}"')
    return Problem(401, "Unauthorised", detail, kind="unauthorised", headers={"WWW-Authenticate": asks})


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        said = path.stat()
    except OSError:
        return None
    return said.st_mtime_ns, said.st_size, said.st_ino
