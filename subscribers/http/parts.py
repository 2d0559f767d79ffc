"""The parts that the routes are made of; they are put in by whoever starts the service, and by tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from sqlalchemy import Engine

from subscribers.formats.areas import Hosts


@dataclass(frozen=True)
class Parts:
    """What the service is wired with.

    `engine` reads the database of the read model; `hubs` are the streams by name and `push` takes events in, each None
    where there is none; `now` gives the time in microseconds since 1970; `hosts` the countries of missions, which CAP
    messages name.
    """

    bootstrap: str
    topic_prefix: str
    engine: Engine
    hubs: Mapping[str, Any] | None
    push: Any | None
    tokens: Any
    limits: Any
    now: Callable[[], int]
    hosts: Hosts = field(default_factory=dict)


def parts_of(request: Request) -> Parts:
    """Return the parts of the application that a request came to; a dependency of routes."""
    parts: Parts = request.app.state.parts
    return parts
