"""Endpoints: where webhooks go, what each is sent, and the secret that signs it; one JSON file.

Rules kept here:
- Secrets have to be readable, since they sign: the folder is 0700, the file 0600 from its first byte on.
- A change is a new file under the old name, so that whoever reads it sees all of it or nothing of it. Changes wait for
  each other.
- What became of deliveries is kept elsewhere (`outbox`): a file that people may edit holds no state of a process.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eventlog.locks import lock
from schemas.errors import Failed, Misuse
from timeline.filters import Filters

MOST_ENDPOINTS: Final = 100
"""Each holds a task, a connection and a page of positions: this bounds what the worker needs."""
LONGEST_URL: Final = 2000
_SECRET_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOCK_SECONDS: Final = 10.0


class Endpoint(BaseModel):
    """An endpoint. `since`: what was told before is not sent (microseconds since 1970).

    `id` is never used again, so that an endpoint of a removed one's name begins anew. `revision` grows whenever it is
    enabled: troubles of an older one count no more.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    url: str
    secret: str = Field(repr=False)
    filters: Filters = Filters()
    late: bool = False
    silenced: bool = False
    all_transitions: bool = False
    since: int = 0
    enabled: bool = True
    revision: int = 0

    def wants(self, decision: str, alert: dict[str, Any]) -> bool:
        """Whether it is sent a transition on which this was decided; `alert` holds the members that filters ask for."""
        asked = {
            "notified": True,
            "late": self.late,
            "history": self.late,
            "silenced": self.silenced,
        }.get(decision, False)
        return (asked or self.all_transitions) and self.filters.alert(alert)


def new_endpoint(url: str, *, name: str | None, taken: Iterable[str], **members: Any) -> Endpoint:
    """Return an endpoint with a secret of its own; without a name it has that of its host.

    Raises:
        Misuse: the address or the name is none; Failed: the name is taken.
    """
    host = check_url(url)
    chosen = name if name is not None else host
    if not _NAME.fullmatch(chosen):
        raise Misuse(f"--name: expected at most 64 letters, digits, dots, dashes or underscores, found {chosen!r}")
    if chosen in set(taken):
        raise Failed(f"there is an endpoint {chosen} already; give another --name, or remove that one first")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return Endpoint(id=uuid.uuid4().hex, name=chosen, url=url, secret=secret, **members)


def check_url(url: str) -> str:
    """Return the host of an address that can be sent to. Raises: Misuse when it is none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Misuse(f"{url!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise Misuse(f"{url!r} is no address such as https://desk.example.org/hooks/vigil")
    if parts.username is not None or parts.fragment or len(url) > LONGEST_URL:
        raise Misuse(f"expected an address without user, password and #, at most {LONGEST_URL} letters long")
    return host


class Endpoints:
    """The file of endpoints in a folder, which comes to be with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "endpoints.json"

    def read(self) -> tuple[Endpoint, ...]:
        """Return all, in the order in which they were added. Raises: Failed when the file is damaged."""
        try:
            return _ALL.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except ValidationError as error:
            raise Failed(f"{self._path} holds no endpoints; mend it, or remove it and add them again") from error

    def stamp(self) -> tuple[int, int] | None:
        """Return what is another after every change; None while there is no file."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    @contextlib.contextmanager
    def changing(self) -> Iterator[dict[str, Endpoint]]:
        """Give the endpoints by name, to be changed; they are written at the end. Raises: Failed."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        held = lock(self.folder / "endpoints.lock", wait_seconds=_LOCK_SECONDS)
        if held is None:
            raise Failed(f"another command is changing {self._path}; try again")
        try:
            endpoints = {each.name: each for each in self.read()}
            yield endpoints
            self._write(endpoints.values())
        finally:
            os.close(held)

    def _write(self, endpoints: Iterable[Endpoint]) -> None:
        half = self._path.with_suffix(".half")
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - of a descriptor
            out.write(orjson.dumps([each.model_dump(mode="json") for each in endpoints], option=orjson.OPT_INDENT_2))
            out.flush()
            os.fsync(out.fileno())
        half.replace(self._path)


def find_endpoint(endpoints: dict[str, Endpoint], name: str) -> Endpoint:
    """Return the endpoint of this name. Raises: Failed when there is none."""
    if name not in endpoints:
        raise Failed(f"there is no endpoint {name}; see `vigil webhook list`")
    return endpoints[name]


_ALL: Final = TypeAdapter(tuple[Endpoint, ...])
