"""`python -m tests.bench.subscribers URL COUNT`: so many subscribers of a stream, in one process of their own.

They read bytes and look for the time at which an alert was sent (`"title":"<nanoseconds>"`, of the clock that all
processes of a machine share), so that what is measured is the server. Prints how many are connected; when its input
ends, the delays as a JSON line.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from array import array
from typing import Any
from urllib.parse import urlsplit

from tests.bench.measure import percentile
from tests.sse import request

AT_ONCE = 50
_SENT = re.compile(rb'"title":"(\d+)"')


class Subscriber(asyncio.Protocol):
    """One connection."""

    def __init__(self, url: str, delays: array[float]) -> None:
        self._url, self._delays = url, delays
        self._rest = b""
        self.begun = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        transport.write(request(self._url, {}))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        whole, end, self._rest = (self._rest + data).rpartition(b"\n\n")
        if end and not self.begun.done():
            self.begun.set_result(None)
        for sent in _SENT.findall(whole):
            self._delays.append((now - int(sent)) / 1e6)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def _subscribe(url: str, count: int) -> None:
    loop, delays = asyncio.get_running_loop(), array("d")
    address = urlsplit(url)
    subscribers: list[Subscriber] = []
    while len(subscribers) < count:
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: Subscriber(url, delays), address.hostname or "", address.port or 80)
                for _ in range(min(AT_ONCE, count - len(subscribers)))
            )
        )
        subscribers += [subscriber for _, subscriber in made]
        await asyncio.gather(*(subscriber.begun for _, subscriber in made))
    print(len(subscribers), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    values = list(delays)
    shares = {f"p{round(100 * share)}": round(percentile(values, share), 1) for share in (0.5, 0.99)}
    lost = sum(subscriber.lost for subscriber in subscribers)
    print(json.dumps({"count": len(values), "lost": lost, **shares, "max": round(max(values), 1)}))


if __name__ == "__main__":
    asyncio.run(_subscribe(sys.argv[1], int(sys.argv[2])))
