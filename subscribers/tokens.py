"""Tokens: who may read, push and operate, kept in one file as hashes.

Rules kept here:
- A token is 256 random bits; the file holds its SHA-256, so that who reads the file cannot use it.
- The file is replaced as a whole, under a lock, and only its owner may read it (mode 0600).
- A file that cannot be understood lets nobody in; it is never taken for an empty one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from eventlog.locks import lock
from schemas.command import Person
from schemas.errors import Failed
from timeline.times import DAY, time_text

Role = Literal["read", "push", "operate"]
PREFIX: Final = "vgl_"
FILE_NAME: Final = "tokens.json"
_EPOCH: Final = date(1970, 1, 1)
_BYTES: Final = 32
_SHOWN: Final = 4
_LOCK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: `sha256` in hexadecimal, its `last` characters; `expires` is the last day it is good."""

    name: Person
    roles: tuple[Role, ...]
    created: str
    expires: date | None
    sha256: str
    last: str

    def good(self, now: int) -> bool:
        """Whether it has not expired at this time (microseconds since 1970)."""
        return self.expires is None or now < (self.expires - _EPOCH).days * DAY + DAY


_READER: Final = TypeAdapter(list[Token])


def create_token(path: Path, *, name: str, roles: Iterable[Role], expires: date | None, now: int) -> str:
    """Add a token and return it: the only time that anybody sees it.

    Raises:
        Failed: the name is taken or none, or the file cannot be read.
    """
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    token = Token(
        name=_name(name),
        roles=tuple(sorted(set(roles))),
        created=time_text(now // 1_000_000 * 1_000_000),
        expires=expires,
        sha256=_digest(secret),
        last=secret[-_SHOWN:],
    )

    def add(tokens: list[Token]) -> list[Token]:
        if any(each.name == token.name for each in tokens):
            raise Failed(f"there is a token {name!r} already; revoke it first, or choose another name")
        return [*tokens, token]

    _change(path, add)
    return secret


def revoke_token(path: Path, name: str) -> None:
    """Remove a token. Raises: Failed when there is none of this name."""

    def remove(tokens: list[Token]) -> list[Token]:
        kept = [each for each in tokens if each.name != name]
        if len(kept) == len(tokens):
            raise Failed(f"there is no token {name!r}; see `vigil token list`")
        return kept

    _change(path, remove)


def read_tokens(path: Path) -> list[Token]:
    """Return the tokens of the file, in the order in which they were made; none when there is no file.

    Raises:
        Failed: it is no such file.
    """
    try:
        return _READER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
        raise Failed(f"{path} is no file of tokens ({why}); mend it, or remove it and make them anew") from error


def find_token(tokens: Iterable[Token], secret: str, now: int) -> Token | None:
    """Return the token that this is, while it is good. It takes as long whichever it is, and if it is none."""
    digest, found = _digest(secret), None
    for token in tokens:
        if hmac.compare_digest(token.sha256, digest):
            found = token
    return found if found is not None and found.good(now) else None


def _change(path: Path, change: Callable[[list[Token]], list[Token]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    held = lock(path.with_suffix(".lock"), wait_seconds=_LOCK_SECONDS)
    if held is None:
        raise Failed(f"{path} is being changed by another command; try again")
    try:
        _write(path, change(read_tokens(path)))
    finally:
        os.close(held)


def _write(path: Path, tokens: list[Token]) -> None:
    half = path.with_name(path.name + ".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(orjson.dumps([asdict(each) for each in tokens], option=orjson.OPT_INDENT_2) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)


def _name(name: str) -> str:
    try:
        return TypeAdapter(Person).validate_python(name)
    except ValidationError as error:
        raise Failed(f"expected a name in one line of at most 100 letters, found {name!r}") from error


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
