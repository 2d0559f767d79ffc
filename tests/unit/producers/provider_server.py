"""A provider on loopback: it answers by path as a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    """What was asked: header names are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered; with `cut`, less than its length says."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    cut: bool = False


Answers = Callable[[Request], Reply]


class ProviderServer:
    """`answers` maps a path to its reply, or to what makes one of the request; anything else is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply | Answers] = {}
        self.requests: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["content-length"])))

            def log_message(self, *_: object) -> None:
                pass

            def _answer(self, body: bytes) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, parts.path, query, headers, body)
                server.requests.append(request)
                found = server.answers.get(parts.path, Reply(status=404))
                reply = found if isinstance(found, Reply) else found(request)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body) + (100 if reply.cut else 0)))
                self.end_headers()
                self.wfile.write(reply.body)
                if reply.cut:
                    self.close_connection = True

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    @contextmanager
    def running(self) -> Iterator[ProviderServer]:
        """Answer within this context."""
        thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    def paths(self) -> list[str]:
        """The paths that were asked for since the last call."""
        asked = [request.path for request in self.requests]
        self.requests.clear()
        return asked


def changing(*replies: Reply) -> Answers:
    """One reply after the other, the last one again and again."""
    left = list(replies)

    def answer(_: Request) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def validated(reply: Reply, *, etag: str = '"1"') -> Answers:
    """The reply with an ETag, and 304 to whoever knows it."""

    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"etag": etag})
        return reply._replace(headers={**reply.headers, "etag": etag})

    return answer
