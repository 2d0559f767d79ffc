"""The application for tests: around a read model in a file, tokens in another, and a log in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from eventlog.sending import Place, Sending
from schemas.errors import Transient
from subscribers.http.app import build_app
from subscribers.http.callers import KnownTokens
from subscribers.http.limits import Limits
from subscribers.http.parts import Parts
from subscribers.http.pushing import Push
from subscribers.http.serving import Listening, guarded
from subscribers.read_model.database import migrate, open_database
from subscribers.tokens import FILE_NAME, Role, create_token
from tests.read_model import Log, apply_all
from timeline.times import microseconds

NOW = microseconds("2026-11-24T12:30:00Z")


class SentLog:
    """A sender that keeps what it is given; `away` makes it fail as one whose broker is gone."""

    def __init__(self) -> None:
        self.sent: list[Sending] = []
        self.away = False

    async def send_all(self, records: Sequence[Sending]) -> list[Place]:
        """Keep the records; each stands at the next offset of partition 3."""
        if self.away:
            raise Transient("Kafka did not acknowledge within 10 s; send it again, repeats do no harm")
        first = len(self.sent)
        self.sent += records
        return [Place(each.topic, 3, first + number, NOW // 1000) for number, each in enumerate(records)]


class Service:
    """A client of the application, and what stands behind it."""

    def __init__(self, folder: Path, log: Log | None = None, *, limits: Limits | None = None, **how: Any) -> None:
        engine = open_database(f"sqlite:///{folder}/read-model.db")
        migrate(engine)
        if log is not None:
            apply_all(engine, log)
        self.log = SentLog()
        self.tokens_file = folder / FILE_NAME
        listening = Listening(host=how.pop("host", "127.0.0.1"), port=8420, **how)
        sender: Any = self.log
        self.parts = Parts(
            bootstrap="nobody:1",
            topic_prefix="p.",
            engine=engine,
            hubs=None,
            push=Push(sender, topic_prefix="p."),
            tokens=KnownTokens(self.tokens_file, required=how.get("require_tokens", False)),
            limits=limits or Limits(),
            now=lambda: NOW,
        )
        self.application = build_app(self.parts)
        app = guarded(self.application, self.parts, listening)
        self.client = TestClient(app, base_url="http://127.0.0.1:8420", client=("127.0.0.1", 50_000))

    def token(self, name: str, *roles: Role) -> dict[str, str]:
        """Make a token that the application knows at once; return the header that gives it."""
        secret = create_token(self.tokens_file, name=name, roles=roles, expires=None, now=NOW)
        self.parts.tokens._looked = 0
        return {"Authorization": f"Bearer {secret}"}


Make = Callable[..., Service]
