"""Receivers of webhooks for tests: HTTP servers that behave as they are told, and keep what they took."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """What a receiver answers; a status of 0 cuts the connection."""

    status: int = 200
    after_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class Request:
    """What came, and when (monotonic)."""

    id: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def said(self) -> Json:
        found: Json = json.loads(self.body)
        return found


class Receiver:
    """A server on a port of its own; `answer` is asked with the number of requests before this one.

    What is not signed with `secret`, where that is set, is refused with 401.
    """

    def __init__(self, answer: Callable[[int], Answer] = lambda number: Answer()) -> None:
        self.requests: list[Request] = []
        self.taken: list[Request] = []
        self.refused: list[Request] = []
        self.secret: str | None = None
        self.stopping = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.headers["webhook-id"], dict(self.headers.items()), body, time.monotonic())
                receiver.requests.append(request)
                said = answer(len(receiver.requests) - 1) if receiver.verifies(request) else Answer(401)
                receiver.stopping.wait(said.after_seconds)
                if said.status == 0 or receiver.stopping.is_set():
                    self.close_connection = True
                    return
                if 200 <= said.status < 300:
                    receiver.taken.append(request)
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that was killed, or that did not wait, is none of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ids(self) -> list[str]:
        """The ids of what was taken, in order, repeats included."""
        return [request.id for request in self.taken]

    def verifies(self, request: Request) -> bool:
        """Whether it is signed with the secret, says the library, as soon as it comes."""
        if self.secret is not None:
            try:
                Webhook(self.secret).verify(request.body, request.headers)
            except WebhookVerificationError:
                self.refused.append(request)
                return False
        return True
