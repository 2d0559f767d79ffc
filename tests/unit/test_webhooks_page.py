"""The receiver of docs/webhooks.md, executed on messages as they are sent."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from subscribers.webhooks.messages import messages_of
from subscribers.webhooks.posting import signed_headers
from tests.unit.timeline.people_parts import second, silence, telling, transition
from timeline.notification import hear

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_receiver_of_the_page_takes_what_is_signed_once_and_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/webhooks.md", "exec"), names)
    heard, _ = hear([telling(1, transition("a", at=1))], [], [], now=second(10))
    [message] = messages_of(heard)
    now = time.time_ns() // 1000
    headers = signed_headers(names["SECRET"], message.id, message.body(), now=now)
    for _ in range(2):
        assert names["receive"](headers, message.body()) == 204
    assert capsys.readouterr().out == f"{message.notification['text']}\n"
    assert names["receive"](headers, message.body() + b" ") == 401
    assert names["receive"](signed_headers("whsec_AAAA", message.id, message.body(), now=now), message.body()) == 401


def test_the_page_names_every_member_of_a_message() -> None:
    tellings = [telling(1, transition("a", at=1)), telling(3, transition("b", at=3, first_day="2021-10-09"))]
    heard, _ = hear(tellings, [silence(2, "s", until=9, scope="country:MLI")], [], now=second(5))
    members = {name for message in messages_of(heard) for name in message.notification}
    assert {"by", "held"} <= members
    for name in members | {"type", "timestamp", "data"}:
        assert f"`{name}`" in PAGE or f"`notification.{name}`" in PAGE, name
