"""The programs of docs/subscribe.md run as they stand there, on a real broker; only its address is another."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
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

pytestmark = pytest.mark.broker

PAGE = (Path(__file__).parents[2] / "docs" / "subscribe.md").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:9092"
SECONDS = 60
ALERT = EXAMPLES["alertTransition"][0].payload
ACCEPTED = EXAMPLES["acceptedAssertion"][0]


def _block(heading: str, language: str, broker: str) -> str:
    """The one block of this section, with the address of the broker that there is."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert ADDRESS in block
    return str(block).replace(ADDRESS, broker)


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
