"""One line a request: who asked for what, and how it was answered. No query, header or body, so that nothing secret and
nothing that people search for stands in a log."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subscribers.log_lines import tell

_PATH: int = 200


class AccessLog:
    """A middleware: `status` 0 is no answer, `by` the name of the token, `seconds` up to the end of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it."""
        started, status, size = time.perf_counter(), 0, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            client = scope.get("client")
            tell(
                "request",
                method=scope["method"],
                path=scope["path"][:_PATH],
                status=status,
                bytes=size,
                seconds=round(time.perf_counter() - started, 4),
                client=client[0] if client else None,
                by=scope.get("state", {}).get("caller"),
            )
