"""What is pushed by HTTP stands in the log when it is answered, and pushing it again changes nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventlog.node.embedded import EmbeddedBroker
from eventlog.reading import read_to_end
from eventlog.record import Record
from eventlog.topics import create_topics
from schemas.topics import DEADLETTERS, INCIDENTS, POLITICAL, TIMELINE
from subscribers.tokens import create_token, revoke_token
from tests.processes import WorkerProcess, until
from tests.serving import ServerProcess
from tests.unit.subscribers.http.test_pushing import ENVELOPE, EVENT

BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def server(broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(broker, tmp_path, topic_prefix=topic_prefix)
    try:
        yield server
    finally:
        server.stop()


def _read(bootstrap: str, topic: str) -> list[Record]:
    async def read() -> list[Record]:
        return [record async for batch in read_to_end(bootstrap, topic) for record in batch]

    return asyncio.run(read())


def test_the_same_push_twice_is_one_assertion(
    server: ServerProcess, ledger: WorkerProcess, broker: str, topic_prefix: str
) -> None:
    events = [{**EVENT, "id": f"vigil:ключ-{n}", "type": "attack" if n % 2 else "agreement"} for n in range(50)]
    batch = json.dumps([{**ENVELOPE, "data": event} for event in events])
    with server.client() as client:
        answers = [client.post("/events", content=batch, headers={"content-type": BATCH}) for _ in range(2)]
    stored = {record[:3]: record for name in (INCIDENTS, POLITICAL) for record in _read(broker, topic_prefix + name)}
    for answer in answers:
        assert answer.status_code == 202, answer.text
        for event, place in zip(events, answer.json()["accepted"], strict=True):
            record = stored.pop((place["topic"], place["partition"], place["offset"]))
            assert (record.key or b"").decode() == place["id"] == event["id"]
    assert not stored

    def decided() -> int:
        ranges = [each for line in ledger.find("batch", phase="acked") for each in line["ranges"]]
        return sum(each["last"] - each["first"] + 1 for each in ranges)

    until(lambda: decided() == 100)
    timeline = _read(broker, topic_prefix + TIMELINE)
    assert sorted((record.key or b"").decode() for record in timeline) == sorted(event["id"] for event in events)
    assert not _read(broker, topic_prefix + DEADLETTERS)


def test_a_broker_that_is_away_is_told_and_the_server_works_again_when_it_is_back(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker") as embedded:
        assert embedded.state is not None
        create_topics(embedded.bootstrap)
        server = ServerProcess(embedded.bootstrap, tmp_path)
        try:
            with server.client() as client:
                assert client.post("/events", json=EVENT).status_code == 202
                embedded.stop()
                started = time.monotonic()
                answer = client.post("/events", json=EVENT)
                assert time.monotonic() - started < 15
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
                assert client.get("/silences").status_code == 200
                embedded.start()
                until(lambda: client.post("/events", json=EVENT).status_code == 202, seconds=60)
        finally:
            server.stop()


def test_sigterm_ends_it_within_two_seconds_with_streams_open(server: ServerProcess) -> None:
    with server.client() as client:
        with client.stream("GET", "/stream/timeline") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 2
            assert any("the server ends" in line for line in lines)
        [told] = [line for line in server.find("request") if line["path"] == "/stream/timeline"]
        assert told["status"] == 200


def test_the_log_tells_who_asked_and_no_secret(server: ServerProcess) -> None:
    with server.client() as client:
        client.get("/silences", params={"all": "true"}, headers={"Authorization": "Bearer vgl_secret"})
        with client.stream("GET", "/stream/alerts", params={"access_token": "vgl_secret"}) as answer:
            assert answer.status_code == 401
    server.stop()
    asked = [(line["method"], line["path"], line["status"]) for line in server.find("request")]
    assert asked == [("GET", "/silences", 401), ("GET", "/stream/alerts", 401)]
    assert "secret" not in json.dumps(server.lines)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"host": "0.0.0.0"}, "before there is a token"),
        ({"bootstrap": "127.0.0.1:9"}, "no Kafka answers at 127.0.0.1:9"),
        ({"tls_certificate": "/nowhere.pem"}, "no certificate with its key"),
        ({"topic_prefix": "nobody-made-these."}, "does not exist"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(
    broker: str, topic_prefix: str, tmp_path: Path, how: dict[str, Any], why: str
) -> None:
    code, said = ServerProcess(**{"bootstrap": broker, "folder": tmp_path, "topic_prefix": topic_prefix, **how}).ended()
    assert code == 1
    assert why in said and "Traceback" not in said


def test_a_port_that_is_taken_is_told(broker: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = ServerProcess(broker, tmp_path, port=taken.getsockname()[1]).ended()
    assert code == 1
    assert "cannot listen on 127.0.0.1" in said and "--port" in said


def test_it_waits_for_the_tables(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    server = ServerProcess(broker, tmp_path, topic_prefix=topic_prefix, tables=False)
    try:
        time.sleep(2.5)
        assert server.process.poll() is None
        assert not server.find("listening")
        server.make_tables()
        with server.client() as client:
            assert client.get("/silences").json() == {"silences": []}
    finally:
        server.stop()


def test_whoever_has_no_token_is_refused_elsewhere_than_on_loopback(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:

    file = tmp_path / "tokens.json"
    token = create_token(file, name="Awa", roles=["push"], expires=None, now=0)
    server = ServerProcess(broker, tmp_path, topic_prefix=topic_prefix, host="0.0.0.0")
    try:
        with server.client() as client:
            headers = {"Authorization": f"Bearer {token}"}
            assert client.post("/events", json=EVENT).status_code == 401
            assert client.post("/events", json=EVENT, headers=headers).status_code == 202
            revoke_token(file, "Awa")
            until(lambda: client.post("/events", json=EVENT, headers=headers).status_code == 401, seconds=3)
    finally:
        server.stop()
