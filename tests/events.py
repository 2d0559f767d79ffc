"""Events as a source's line has them, for tests to which it does not matter what happened."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def event(number: int, **more: Any) -> Json:
    """An attack of one day in 2021 by its number, with what the test adds or changes."""
    return {
        "id": f"vigil:{number}",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
        "publish_time": "2021-04-02T00:00:00Z",
        **more,
    }
