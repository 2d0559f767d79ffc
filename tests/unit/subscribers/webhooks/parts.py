"""What tests of webhooks are made of."""

from __future__ import annotations

from typing import Any

from subscribers.webhooks.endpoints import Endpoint, new_endpoint
from subscribers.webhooks.messages import Message, message_id
from tests.unit.timeline.people_parts import second, transition


def endpoint(url: str = "http://127.0.0.1:9/hook", name: str = "desk", **members: Any) -> Endpoint:
    """An endpoint with a secret of its own."""
    return new_endpoint(url, name=name, taken=(), **members)


def message(number: int, *, decision: str = "notified", at: float = 0, **members: Any) -> Message:
    """A message about an alert of this number."""
    said = transition(f"{number:08x}", at=at, **members)
    why = {"decision": decision}
    return Message(message_id(said, held=decision != "notified"), second(at), decision, said, why)
