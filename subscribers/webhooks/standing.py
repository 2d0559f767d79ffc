"""How endpoints stand, for people: how far each is, what it is not sent yet, and what trouble it has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from subscribers.webhooks.delivery import PAGE, is_due
from subscribers.webhooks.endpoints import Endpoint
from subscribers.webhooks.outbox import Head, Outbox
from subscribers.webhooks.retries import Progress, of_revision
from timeline.times import time_text

Members = dict[str, Any]


def standing_of(endpoints: Sequence[Endpoint], folder: Path) -> list[Members]:
    """Return how each endpoint stands. `behind`: how many messages that are decided on it was not sent yet."""
    outbox = Outbox.look(folder)
    if outbox is None:
        return [_members(each, Progress(), behind=0) for each in endpoints]
    with contextlib.closing(outbox):
        progress = {each.id: outbox.progress(each.id) for each in endpoints}
        behind = _behind(endpoints, progress, outbox)
        return [_members(each, progress[each.id], behind=behind[each.id]) for each in endpoints]


def _behind(endpoints: Iterable[Endpoint], progress: dict[str, Progress], outbox: Outbox) -> dict[str, int]:
    counts = {each.id: 0 for each in endpoints}
    for head in _heads(outbox, after=min((progress[each].position for each in counts), default=0)):
        for endpoint in endpoints:
            counts[endpoint.id] += head.position > progress[endpoint.id].position and is_due(endpoint, head)
    return counts


def _heads(outbox: Outbox, *, after: int) -> Iterator[Head]:
    while heads := outbox.heads(after, limit=PAGE):
        yield from heads
        after = heads[-1].position


def _members(endpoint: Endpoint, kept: Progress, *, behind: int) -> Members:
    progress = of_revision(kept, endpoint.revision)
    return {
        "state": _state(endpoint, progress),
        "position": progress.position,
        "behind": behind,
        "delivered": progress.delivered,
        "last_status": progress.last_status,
        "last_error": progress.last_error,
        "last_try": _time(progress.last_try),
        "failing_since": _time(progress.failing_since),
        "attempts": progress.attempts,
        "next_try": _time(progress.next_try) if endpoint.enabled else None,
    }


def _state(endpoint: Endpoint, progress: Progress) -> str:
    if not endpoint.enabled:
        return "disabled"
    if progress.gone:
        return "gone"
    return "failing" if progress.attempts else "ok"


def _time(time: int | None) -> str | None:
    return None if time is None else time_text(time)
