"""Clients of streams that lose their connections at random, while events flow and the server is killed now and then.

Alerts are written in transactions, of which some are aborted; the timeline as the ledger writes it. Whatever a client
was sent, block by whole block, is compared with the log in the end: nothing left out, nothing twice, each partition in
its order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer

from eventlog.reading import read_to_end
from schemas.channel_examples import EXAMPLES
from schemas.topics import ALERTS, TIMELINE
from tests.sse import Answer, Event, connect
from tests.stream_server import StreamServer

ALERT: dict[str, Any] = dict(EXAMPLES["alertTransition"][0].payload)
ACCEPTED = EXAMPLES["acceptedAssertion"][0]
HEADERS = [(name, said.encode()) for name, said in ACCEPTED.headers.items()]
TOPICS = {"alerts": ALERTS, "timeline": TIMELINE}
COUNTRIES = ("MLI", "SDN", "HTI", "UKR")
MEAN_SECONDS = 0.15
END_SECONDS = 60.0


@dataclass
class Client:
    """What it follows, and the ids of what it was told, in order."""

    stream: str
    country: str | None
    last_id: str | None = None
    heard: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        # Of all that there is, from the first record; a position that it has counts more.
        chosen = "" if self.country is None else f"&country={self.country}"
        return f"/stream/{self.stream}?all=true{chosen}"

    def hear(self, block: Event) -> None:
        self.last_id = block.id or self.last_id
        if block.name in ("alert", "timeline"):
            self.heard.append(block.json["id"])


class Disconnects:
    """So many clients, and so many `disconnects` of them all together, with `kills` of the server in between."""

    def __init__(
        self, bootstrap: str, prefix: str, *, disconnects: int, kills: int, clients: int, per_second: int, seed: int
    ) -> None:
        self._bootstrap, self._prefix = bootstrap, prefix
        self._wanted, self._kills, self._per_second = disconnects, kills, per_second
        self._chance = random.Random(seed)
        self.clients = [
            Client(("alerts", "timeline")[number % 2], None if number % 4 < 2 else self._chance.choice(COUNTRIES))
            for number in range(clients)
        ]
        self.disconnects = self.killed = self._number = 0
        self.refused: dict[int, int] = {}
        # A ring that is soon run through, so that clients often come from before it.
        self._settings = {"ring_records": 400}
        self.server = StreamServer(bootstrap, prefix, **self._settings)

    async def run(self) -> dict[str, Any]:
        """Do all of it; return what was found."""
        try:
            writing = [asyncio.create_task(self._write_alerts()), asyncio.create_task(self._write_timeline())]
            killing = asyncio.create_task(self._kill())
            await asyncio.gather(*map(self._follow, self.clients))
            await killing
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            return await self._compare()
        finally:
            self.server.kill()

    async def _follow(self, client: Client) -> None:
        while self.disconnects < self._wanted:
            connection = await self._connect(client)
            if connection is not None:
                seconds = self._chance.expovariate(1 / MEAN_SECONDS)
                await asyncio.wait({connection.closed}, timeout=seconds)
                connection.transport.abort()
                self.disconnects += 1

    async def _connect(self, client: Client) -> Any:
        try:
            return await connect(self.server.url + client.path, client.hear, last_id=client.last_id)
        except Answer as answer:
            self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
        except OSError:
            pass
        await asyncio.sleep(0.05)
        return None

    async def _kill(self) -> None:
        """kill -9 each time when the next share of the disconnects has happened, and start again."""
        for number in range(self._kills):
            while self.disconnects < self._wanted * (number + 1) // (self._kills + 1):
                await asyncio.sleep(0.02)
            port = self.server.port
            self.server.kill()
            self.killed += 1
            self.server = await asyncio.to_thread(
                StreamServer, self._bootstrap, self._prefix, port=port, **self._settings
            )

    async def _write_alerts(self) -> None:
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, transactional_id=f"{self._prefix}disconnects"
        )
        async with producer:
            while True:
                size = self._chance.randint(1, 10)
                await producer.begin_transaction()
                for _ in range(size):
                    scope = f"country:{self._chance.choice(COUNTRIES)}"
                    alert = ALERT | {"id": self._next(), "scope": scope}
                    key = f"{scope}{self._chance.randint(0, 5)}".encode()
                    await producer.send(self._prefix + ALERTS, json.dumps(alert).encode(), key=key)
                await (producer.abort_transaction() if self._chance.random() < 0.15 else producer.commit_transaction())
                await asyncio.sleep(2 * size / self._per_second)

    async def _write_timeline(self) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._bootstrap) as producer:
            while True:
                place = {"country": self._chance.choice(COUNTRIES)}
                event = dict(ACCEPTED.payload) | {"id": self._next(), "place": place}
                key = event["id"].encode()
                await producer.send(self._prefix + TIMELINE, json.dumps(event).encode(), key=key, headers=HEADERS)
                await asyncio.sleep(2 / self._per_second)

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    async def _compare(self) -> dict[str, Any]:
        logs = {stream: await self._log(stream) for stream in TOPICS}
        found = await asyncio.gather(*(self._hear_the_rest(client, logs[client.stream]) for client in self.clients))
        return {
            "disconnects": self.disconnects,
            "kills": self.killed,
            "clients": len(self.clients),
            "records": {stream: len(log) for stream, log in logs.items()},
            "events": sum(len(client.heard) for client in self.clients),
            **{name: sum(each[name] for each in found) for name in ("gaps", "repeats", "out_of_order")},
            "refused": self.refused,
        }

    async def _log(self, stream: str) -> dict[str, tuple[int, int, str]]:
        """Partition, offset and country of each committed record, by its id."""
        found = {}
        async for batch in read_to_end(self._bootstrap, self._prefix + TOPICS[stream]):
            for record in batch:
                said = json.loads(record.value or b"")
                country = said["place"]["country"] if stream == "timeline" else said["scope"].removeprefix("country:")
                found[said["id"]] = (record.partition, record.offset, country)
        return found

    async def _hear_the_rest(self, client: Client, log: dict[str, tuple[int, int, str]]) -> dict[str, int]:
        wanted = {each for each, (_, _, country) in log.items() if client.country in (None, country)}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                while len(client.heard) < len(wanted):
                    connection = await self._connect(client)
                    while connection is not None and not connection.closed.done() and len(client.heard) < len(wanted):
                        await asyncio.sleep(0.02)
                    if connection is not None:
                        connection.transport.abort()
        last: dict[int, int] = {}
        out_of_order = 0
        for each in client.heard:
            partition, offset, _ = log.get(each, (-1, -1, ""))
            out_of_order += offset < last.get(partition, -1)
            last[partition] = offset
        unwanted = len(set(client.heard) - wanted)
        return {
            "gaps": len(wanted - set(client.heard)) + unwanted,
            "repeats": len(client.heard) - len(set(client.heard)),
            "out_of_order": out_of_order,
        }
