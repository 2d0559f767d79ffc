"""Refuses what was not meant for this server: requests by a foreign name, and changes that a foreign page asks for.

Rules kept here:
- On loopback, where no token is needed, a request has to name a loopback host (or one that was allowed): otherwise any
  page could reach the service by giving its own name this address (DNS rebinding).
- What changes something comes from no page of another origin, whatever the browser lets through. No header ever allows
  a page to read an answer (CORS).
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from subscribers.http.limits import SAFE
from subscribers.http.problems import KINDS, Problem


def is_loopback(host: str) -> bool:
    """Whether a host, as people write it, is this machine and nothing else."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class OwnHost:
    """A middleware; `allowed` are names by which it answers besides those of loopback, `any_host` answers by all."""

    def __init__(self, app: ASGIApp, *, allowed: Collection[str], any_host: bool) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed)
        self._any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        try:
            self._check(scope)
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        hosts = _values(scope, b"host")
        if len(hosts) != 1:
            raise Problem(400, "Bad request", "expected one header Host", kind=KINDS[400])
        name = _name(hosts[0])
        if not (self._any_host or name in self._allowed or is_loopback(name)):
            detail = f"this server does not go by the name {name!r:.100}; ask by localhost or 127.0.0.1"
            raise Problem(403, "Forbidden", detail, kind="foreign-host")
        for origin in _values(scope, b"origin"):
            if scope["method"] not in SAFE and origin.partition("://")[2].lower() != hosts[0].lower():
                raise Problem(403, "Forbidden", "a page of another origin may change nothing", kind="foreign-origin")


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
