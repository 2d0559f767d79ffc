"""A message that an endpoint is sent to see whether it takes one."""

from __future__ import annotations

import time
import uuid

import orjson

from subscribers.webhooks.endpoints import Endpoint
from subscribers.webhooks.posting import open_session, post
from subscribers.webhooks.retries import Outcome
from timeline.times import time_text


async def try_out(endpoint: Endpoint, *, now: int) -> tuple[Outcome, float]:
    """Send a test message and return what came back, and after how many seconds (now: microseconds since 1970)."""
    body = orjson.dumps(
        {"type": "vigil.test", "timestamp": time_text(now), "data": {"endpoint": endpoint.name}},
    )
    begun = time.monotonic()
    async with open_session() as session:
        outcome = await post(session, endpoint, f"msg_{uuid.uuid4().hex}", body, now=now)
    return outcome, time.monotonic() - begun
