"""The metrics of the service for Prometheus: every name, unit and meaning stands here, and in docs/http.md."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subscribers.read_model.lag import Lag

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STREAMS: Final = "/stream/"


class Metrics:
    """What is counted, in a registry of its own, so that two applications in one process do not mix."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "vigil_http_requests", "Requests answered, by route, method and status.", _ROUTE, registry=registry
        )
        self.seconds = Histogram(
            "vigil_http_request_duration_seconds",
            "From the request to the end of its answer, in seconds, by route; without streams, which last.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.lag_records = Gauge(
            "vigil_read_model_lag_records", "Records of the log that the read model does not hold.", registry=registry
        )
        self.lag_seconds = Gauge(
            "vigil_read_model_lag_seconds",
            "The read model holds all that the log held so many seconds ago; NaN before it ever held all.",
            registry=registry,
        )
        self.subscribers = Gauge("vigil_stream_subscribers", "Clients of a stream now.", ("stream",), registry=registry)
        self.cut_off = Gauge(
            "vigil_stream_cut_off",
            "Clients cut off since the start, which read too slowly.",
            ("stream",),
            registry=registry,
        )
        self.pushed = Counter(
            "vigil_pushed_events", "Events that POST /events took, acknowledged by the log.", registry=registry
        )

    def text(self, lag: Lag | None, hubs: Mapping[str, Any]) -> bytes:
        """Return all metrics as text; the lag is None where the database does not answer."""
        self.lag_records.set(float("nan") if lag is None or lag.records is None else lag.records)
        self.lag_seconds.set(float("nan") if lag is None or lag.seconds is None else lag.seconds)
        for name, hub in hubs.items():
            self.subscribers.labels(name).set(hub.subscribers)
            self.cut_off.labels(name).set(hub.cut_off)
        return generate_latest(self.registry)


_ROUTE: Final = ("route", "method", "status")


class Measured:
    """An application of which every request is counted and timed, by the route that answered it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # An error that nobody foresaw is answered further out.
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            # Not the path: whoever asks for a thousand ids would make a thousand series.
            route = getattr(scope.get("route"), "path_format", "none")
            self._metrics.requests.labels(route, scope["method"], status).inc()
            if not route.startswith(STREAMS):
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
