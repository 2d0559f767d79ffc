"""The programs of docs/subscribe.md run as they stand there, on a real broker; only its address is another."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from eventlog.reading import read_to_end
from eventlog.record import Record
from eventlog.writing import Writer
from processors.assertions import read_assertion
from schemas.channel_examples import EXAMPLES, KEYS
from schemas.topics import ALERTS, INCIDENTS, TIMELINE
from tests.channels import kinds
from tests.processes import until
from tests.sse import stream
from tests.stream_server import StreamServer

pytestmark = pytest.mark.broker

PAGE = (Path(__file__).parents[2] / "docs" / "subscribe.md").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:9092"
HTTP_ADDRESS = "127.0.0.1:8420"
SECONDS = 60
ALERT = EXAMPLES["alertTransition"][0].payload
ACCEPTED = EXAMPLES["acceptedAssertion"][0]


def _block(heading: str, language: str, broker: str) -> str:
    """The one block of this section, with the address of the broker that there is."""
    block = _code(heading, language)
    assert ADDRESS in block
    return block.replace(ADDRESS, broker)


def _code(heading: str, language: str) -> str:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(block)


def _alert(**members: Any) -> bytes:
    return json.dumps(ALERT | members).encode()


async def _transaction(broker: str, values: list[bytes], *, commit: bool) -> None:
    """Write alerts as the roller does: together or not at all."""
    async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id="roller-of-a-test") as producer:
        await producer.begin_transaction()
        for value in values:
            await producer.send_and_wait(ALERTS, value, key=KEYS["alerts"].encode())
        await (producer.commit_transaction() if commit else producer.abort_transaction())


def _tell(broker: str) -> None:
    """One alert that a cut-off worker wrote in vain, one that pages no one, and one that does."""
    asyncio.run(_transaction(broker, [_alert(title="In vain")], commit=False))
    asyncio.run(_transaction(broker, [_alert(notify=False, title="History"), _alert()], commit=True))


def test_kafka_python_prints_the_alerts_that_page_and_were_committed(fresh_broker: str) -> None:
    _tell(fresh_broker)
    program = [sys.executable, "-u", "-c", _block("With kafka-python", "python", fresh_broker)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as reader:
        try:
            assert reader.stdout is not None
            first = reader.stdout.readline()
            asyncio.run(_transaction(fresh_broker, [_alert(transition="resolved")], commit=True))
            second = reader.stdout.readline()
        finally:
            reader.terminate()
    assert [first, second] == [
        "raised Peacekeepers killed mission:MINUSMA 2021-10-02\n",
        "resolved Peacekeepers killed mission:MINUSMA 2021-10-02\n",
    ]


def test_kcat_prints_the_alerts_and_the_headers_of_the_timeline(fresh_broker: str) -> None:
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed here")
    _tell(fresh_broker)
    with Writer(fresh_broker) as writer:
        headers = [(name, said.encode()) for name, said in ACCEPTED.headers.items()]
        writer.send(TIMELINE, key=b"a-key", value=b"{}", headers=headers)
    script = _block("With kcat", "sh", fresh_broker)
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    *alerts, timeline = done.stdout.splitlines()
    assert [json.loads(line) for line in alerts] == [ALERT | {"notify": False, "title": "History"}, ALERT]
    assert timeline.startswith("a-key ce_specversion=1.0,")
    assert f"vigil_content={ACCEPTED.headers['vigil_content']}" in timeline


@pytest.fixture
def server(fresh_broker: str) -> Iterator[StreamServer]:
    """A server of the log of this test."""
    server = StreamServer(fresh_broker)
    yield server
    server.kill()


def _noted(folder: Path) -> str:
    file = folder / "last-id"
    return file.read_text().strip() if file.exists() else ""


async def _hears(server: StreamServer, position: str) -> str | None:
    """What a stream tells first that goes on from a position; None when that is nothing."""
    async with stream(f"{server.url}/stream/alerts", last_id=position) as blocks:
        begin = await blocks.get()
        assert begin is not None and begin.id == position
        try:
            block = await asyncio.wait_for(blocks.get(), 0.5)
        except TimeoutError:
            return None
    return None if block is None else block.data


def _curl(server: StreamServer, folder: Path, count: int) -> list[Any]:
    """The first so many alerts that the script prints, and notes; then Ctrl-C, as a person ends it."""
    script, before = _code("HTTP and curl", "sh"), _noted(folder)
    assert HTTP_ADDRESS in script
    script = script.replace(HTTP_ADDRESS, f"127.0.0.1:{server.port}")
    with subprocess.Popen(
        ["sh", "-c", script], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as reader:
        try:
            assert reader.stdout is not None
            alerts = [json.loads(reader.stdout.readline()) for _ in range(count)]
            # The blank line after the event is yet to be read.
            until(lambda: _noted(folder) not in ("", before), seconds=SECONDS)
            until(lambda: asyncio.run(_hears(server, _noted(folder))) is None, seconds=SECONDS)
        finally:
            os.killpg(reader.pid, signal.SIGINT)
    return alerts


def test_curl_prints_every_alert_and_goes_on_where_it_stopped(
    fresh_broker: str, server: StreamServer, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    _tell(fresh_broker)
    told = _curl(server, tmp_path, 2)
    assert [alert["title"] for alert in told] == ["History", ALERT["title"]]
    assert all(alert.pop("told") for alert in told) and told[1] == ALERT
    asyncio.run(_transaction(fresh_broker, [_alert(transition="resolved")], commit=True))
    assert [alert["transition"] for alert in _curl(server, tmp_path, 1)] == ["resolved"]


def _subscribers(server: StreamServer) -> int:
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        [count] = re.findall(r'vigil_stream_subscribers{stream="alerts"} (\d+)', answer.read().decode())
    return int(count)


def test_an_event_source_of_a_browser_prints_alerts_and_comes_again_after_kill_9(
    fresh_broker: str, server: StreamServer
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        assert not os.environ.get("CI"), "without a browser nothing shows that EventSource works"
        pytest.skip("chromium is not installed here")
    program = [sys.executable, "-m", "tests.browser", chromium, f"{server.url}/healthz"]
    again: StreamServer | None = None
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdin is not None and page.stdout is not None
            page.stdin.write(json.dumps(_code("In the browser: EventSource", "js")) + "\n")
            page.stdin.flush()
            assert page.stdout.readline() == "runs\n"
            until(lambda: _subscribers(server) == 1, seconds=SECONDS)
            _tell(fresh_broker)
            first = page.stdout.readline()
            server.kill()
            asyncio.run(_transaction(fresh_broker, [_alert(transition="resolved")], commit=True))
            again = StreamServer(fresh_broker, port=server.port)
            second = page.stdout.readline()
        finally:
            # It ends when its input does.
            page.communicate(timeout=SECONDS)
            if again is not None:
                again.kill()
    assert [first, second] == [
        "raised Peacekeepers killed mission:MINUSMA 2021-10-02\n",
        "resolved Peacekeepers killed mission:MINUSMA 2021-10-02\n",
    ]


def test_what_a_feed_writes_is_an_event_of_the_contract(fresh_broker: str) -> None:
    program = [sys.executable, "-c", _block("Write as a feed", "python", fresh_broker)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    [record] = asyncio.run(_records(fresh_broker, INCIDENTS))
    assert done.stdout == f"{INCIDENTS} {record.partition} 0\n"
    assert kinds("incidents", record.value, record.headers) == ["incident"]
    taken = SimpleNamespace(key=record.key, value=record.value, headers=record.headers, timestamp=record.timestamp_ms)
    assert read_assertion(taken).statement.id == "my-feed:2021-17"


async def _records(broker: str, topic: str) -> list[Record]:
    return [record async for batch in read_to_end(broker, topic) for record in batch]
