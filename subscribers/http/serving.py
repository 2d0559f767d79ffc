"""The server process: it opens the parts, listens, and ends in order.

Rules kept here:
- It listens once it can answer: the schema is there, the brokers answer, the streams have read what they keep.
- On another address than loopback it does not start before there is a token.
- It works or it ends: what a stream cannot get over ends the process, which is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop
from starlette.types import ASGIApp

from eventlog.log_lines import set_up_logging
from eventlog.sending import Sender
from schemas.errors import Failed, VigilError
from subscribers.http.access_log import AccessLog
from subscribers.http.app import build_app
from subscribers.http.bodies import Answers, Bodies
from subscribers.http.callers import KnownTokens
from subscribers.http.hosts import OwnHost, is_loopback
from subscribers.http.limits import Limits, RateLimits
from subscribers.http.parts import Parts
from subscribers.http.protocol import guarded_protocol
from subscribers.http.pushing import Push
from subscribers.log_lines import tell
from subscribers.read_model.database import open_database, require_schema
from subscribers.stream.hub import Hub, run_hubs
from subscribers.stream.told import STREAMS
from subscribers.tokens import FILE_NAME

SCHEMA_SECONDS: Final = 30.0
READY_SECONDS: Final = 60.0
# Answers that are on their way when the server is told to end; streams end at once.
FINISH_SECONDS: Final = 1
KEEP_ALIVE_SECONDS: Final = 15
_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where and how the server listens. Certificate and key are PEM files; `allowed_hosts` are further names of it."""

    host: str
    port: int
    require_tokens: bool = False
    allowed_hosts: Sequence[str] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    limits: Limits = field(default_factory=Limits)


def run_server(
    *,
    bootstrap: str,
    topic_prefix: str,
    database_url: str,
    host: str,
    port: int,
    dir: Path,  # noqa: A002 - the name of the setting
    hosts: Mapping[str, str | None] | None = None,
    log_level: str = "info",
    **how: Any,
) -> int:
    """Serve until SIGTERM (0). `how` are further members of Listening; tokens stand in `dir`.

    `hosts` are the countries of missions, None of those in several.

    Raises:
        VigilError: it cannot start, or cannot go on.
    """
    set_up_logging("server", level=log_level)
    listening = Listening(host=host, port=port, **how)
    tokens = known_tokens(dir, listening)
    _raise_open_files(listening.limits)
    with contextlib.closing(_bound(host, port)) as bound:
        parts = Parts(
            bootstrap=bootstrap,
            topic_prefix=topic_prefix,
            engine=open_database(database_url, read_only=True),
            hubs=None,
            push=None,
            tokens=tokens,
            limits=listening.limits,
            now=lambda: time.time_ns() // 1000,
            hosts=hosts or {},
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(parts, listening, bound))


def guarded(app: ASGIApp, parts: Parts, listening: Listening) -> ASGIApp:
    """Return the application behind what keeps it safe; a request passes it from the last to the first."""
    limits: Limits = parts.limits
    app = Answers(app, limits=limits)
    app = Bodies(app, limits=limits)
    app = RateLimits(app, limits=limits, tokens=parts.tokens, now=parts.now)
    app = OwnHost(app, allowed=listening.allowed_hosts, any_host=not is_loopback(listening.host))
    return AccessLog(app)


def known_tokens(folder: Path, listening: Listening) -> KnownTokens:
    """Return the tokens of a data folder. Raises: Failed when there are none and the server needs them."""
    away = not is_loopback(listening.host)
    tokens = KnownTokens(folder / FILE_NAME, required=listening.require_tokens or away)
    if tokens.required and not tokens:
        where = f"on {listening.host}" if away else "with tokens required"
        how = "make one: vigil token create NAME --role ROLE"
        raise Failed(f"the server does not listen {where} before there is a token; {how}")
    return tokens


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise _taken(host, port, error) from error
    return bound


def _taken(host: str, port: int, error: OSError) -> Failed:
    return Failed(f"the server cannot listen on {host}:{port} ({error.strerror or error}); name another --port")


async def _serve(parts: Parts, listening: Listening, bound: socket.socket) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(stopping.cancel)
        stack.callback(parts.engine.dispose)
        opening = asyncio.ensure_future(_open(parts, stack))
        await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            await _cancelled(opening)
            return 0
        whole, following = opening.result()
        # What was loaded stays: a collection that looked at it too would hold up every stream for some 30 ms.
        gc.collect()
        gc.freeze()
        await _listen(whole, listening, bound, until=(following, stopping))
        tell("stopped")
    return 0


async def _open(parts: Parts, stack: contextlib.AsyncExitStack) -> tuple[Parts, asyncio.Future[None]]:
    """Return all the parts, and what follows the log for the streams, once everything can answer.

    Raises:
        VigilError: something is missing, or does not answer.
    """
    await _await_schema(parts)
    sender = await stack.enter_async_context(Sender(parts.bootstrap))
    hubs = {name: Hub(name, bootstrap=parts.bootstrap, topic_prefix=parts.topic_prefix) for name in STREAMS}
    following = asyncio.ensure_future(run_hubs(hubs))
    stack.push_async_callback(_cancelled, following)
    ready = asyncio.ensure_future(_all_ready(hubs))
    await asyncio.wait((ready, following), timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        await _cancelled(ready)
        if following.done():
            following.result()
        raise Failed(f"the log at {parts.bootstrap} could not be read within {READY_SECONDS:g} s")
    return replace(parts, hubs=hubs, push=Push(sender, topic_prefix=parts.topic_prefix)), following


async def _all_ready(hubs: Mapping[str, Hub]) -> None:
    for hub in hubs.values():
        await hub.ready.wait()


async def _await_schema(parts: Parts) -> None:
    """Wait for the projection to make its tables: both may have been started at once."""
    deadline = time.monotonic() + SCHEMA_SECONDS
    while True:
        try:
            return await asyncio.to_thread(require_schema, parts.engine)
        except VigilError:
            if time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_POLL_SECONDS)


async def _listen(
    parts: Parts, listening: Listening, bound: socket.socket, *, until: Sequence[asyncio.Future[Any]]
) -> None:
    """Answer until one of these is done; an error of it is raised then."""
    server = _Server(_configured(guarded(build_app(parts), parts, listening), listening))
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    await asyncio.wait((serving, *until), return_when=asyncio.FIRST_COMPLETED)
    for hub in (parts.hubs or {}).values():
        hub.end()
    server.should_exit = True
    try:
        await serving
    except OSError as error:
        raise _taken(listening.host, listening.port, error) from error
    for each in until:
        if each.done():
            each.result()


def _configured(app: ASGIApp, listening: Listening) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=guarded_protocol(listening.limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever the connection is from is whom the limits count.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
        ssl_certfile=listening.tls_certificate,
        ssl_keyfile=listening.tls_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        files = f"{listening.tls_certificate} and {listening.tls_key or 'the same file'}"
        raise Failed(f"no certificate with its key (PEM) can be read from {files}: {error}") from error
    return config


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it, and says when it listens."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        tell("listening", host=host, port=port, tls=self.config.is_ssl)


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """End a task; what it fails with has been told, or is of no interest any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _raise_open_files(limits: Limits) -> None:
    """Ask for as many open files as connections need, and some for the rest."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + 500
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
