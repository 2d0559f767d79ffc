"""How much one may ask of the service, and a middleware that counts requests.

Requests are counted by token, without one by address (an IPv6 network of 64 bits is one address): reads, pushes and
commands apart, in a window that slides over a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, Literal

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from subscribers.http.callers import KnownTokens, caller_of
from subscribers.http.problems import KINDS, Problem

Kind = Literal["reads", "pushes", "commands"]
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one may ask, and how slowly; see docs/security.md. A rate of 0 is none at all."""

    reads_per_minute: int = 12_000
    pushes_per_minute: int = 60_000
    commands_per_minute: int = 300
    body_bytes: int = 4 * 1024 * 1024
    body_seconds: float = 30.0
    # Of bodies that are being received, of everybody together; a quarter of it from one address.
    bodies_bytes: int = 64 * 1024 * 1024
    answer_seconds: float = 60.0
    connections: int = 4_096
    connections_per_address: int = 2_048
    head_bytes: int = 32 * 1024
    head_seconds: float = 10.0
    # Longer than a stream waits: it knows better what to say before the connection ends.
    slow_seconds: float = 45.0
    linger_seconds: float = 2.0


def origin_of(address: str | None) -> str:
    """Return what counts as one address."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or "unknown"
    return str(IPv6Address(int(parsed) >> 64 << 64)) if parsed.version == 6 else str(parsed)


def address_of(scope: Mapping[str, Any]) -> str:
    """Return what counts as the address that a request comes from."""
    client = scope.get("client")
    return origin_of(client[0] if client else None)


def kind_of(scope: Mapping[str, Any]) -> Kind:
    """Return among which requests this one is counted."""
    if scope["method"] in SAFE:
        return "reads"
    return "pushes" if scope["path"] == "/events" else "commands"


class RateLimits:
    """A middleware: refuses what comes too often (429), and what would change something with a token that is not good.

    It leaves who asks in `scope["state"]["caller"]`, for the log.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, tokens: KnownTokens, now: Callable[[], int]) -> None:
        self._app, self._tokens, self._now = app, tokens, now
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        rates: dict[Kind, int] = {
            "reads": limits.reads_per_minute,
            "pushes": limits.pushes_per_minute,
            "commands": limits.commands_per_minute,
        }
        self._rates = {kind: RateLimitItemPerMinute(rate) for kind, rate in rates.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        try:
            self._admit(scope)
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        kind, refused = kind_of(scope), None
        try:
            name = caller_of(scope, self._tokens, self._now()).name
        except Problem as problem:
            # Counted all the same: by the address, whatever the token says.
            name, refused = None, problem
        scope.setdefault("state", {})["caller"] = name
        self._count(kind, f"token:{name}" if name is not None else f"address:{address_of(scope)}")
        if refused is not None and kind != "reads":
            # Before its body is received; what only reads is answered by its route, which may need no token.
            raise refused

    def _count(self, kind: Kind, who: str) -> None:
        rate = self._rates[kind]
        if not self._limiter.hit(rate, kind, who):
            seconds = max(1, round(self._limiter.get_window_stats(rate, kind, who).reset_time - time.time()))
            detail = f"at most {rate.amount} {kind} a minute are answered; come again in {seconds} s"
            raise Problem(429, "Too many requests", detail, kind=KINDS[429], headers={"Retry-After": str(seconds)})
