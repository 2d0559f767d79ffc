"""Which way a feed is watched at a place: an address or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from producers.acled.api import AcledApi
from producers.feeds import FEEDS
from producers.gdelt.updates import GdeltUpdates
from producers.recognise import ACLED, GDELT, UCDP
from producers.ucdp.api import UcdpApi
from producers.watching.drop_folder import DropFolder
from producers.watching.watch import Provider
from producers.watching.web import Web
from producers.watching.web_file import WebFile
from schemas.errors import Failed, Misuse

_SECRETS: Final = ("key", "token", "access_token", "password", "email", "user", "username")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What providers want to know of their user; from the environment only."""

    acled_user: str | None = None
    acled_password: str | None = None
    ucdp_token: str | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """A provider, and how often it is looked at unless told otherwise."""

    provider: Provider
    every_seconds: float


def provider_of(feed: str, place: str, web: Web, credentials: Credentials) -> Watched:
    """Return how to watch `feed` at `place`.

    Raises:
        Misuse: a secret stands in the address, or a variable is missing.
        Failed: there is no such folder.
    """
    parse = FEEDS[feed]
    if not place.startswith(("http://", "https://")):
        return Watched(DropFolder(Path(place), parse), 30.0)
    _refuse_secrets(place)
    if feed == GDELT and place.endswith(".txt"):
        return Watched(GdeltUpdates(web, place, parse), 300.0)
    if feed == ACLED:
        if not (credentials.acled_user and credentials.acled_password):
            raise Misuse("ACLED wants an account: set VIGIL_ACLED_USER and VIGIL_ACLED_PASSWORD")
        user, password = credentials.acled_user, credentials.acled_password
        return Watched(AcledApi(web, place, parse, user=user, password=password), 21_600.0)
    if feed == UCDP and "/api/" in urlsplit(place).path:
        return Watched(UcdpApi(web, place, parse, token=credentials.ucdp_token), 86_400.0)
    return Watched(WebFile(web, place, parse), 3600.0)


def _refuse_secrets(place: str) -> None:
    parts = urlsplit(place)
    if not parts.hostname:
        raise Failed(f"{place} is no address")
    named = [name for name, _ in parse_qsl(parts.query) if name.lower() in _SECRETS]
    if parts.username or parts.password or named:
        raise Misuse("no credentials in the address: they would be in the log; set the variables of docs/operations.md")
