"""The manifest of a release, as pieces under 1 MB on `vigil.releases.v1`, keyed by feed.

A manifest says what a release of a feed speaks of (its coverage) and which events it contains (their ids), so that an
older release that is published later can be told what the newer one no longer contains.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.event import Country, Moment, Strict


class ReleaseCoverage(Strict):
    """The countries and the time that a release speaks of: [from, until).

    `countries` is null where it speaks of all; null among them stands for events without a country.
    """

    countries: tuple[Country | None, ...] | None
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="until")


class ManifestPiece(Strict):
    """Piece `piece` (from 1) of `pieces` of a manifest; `manifest` is the SHA-256 that all of its pieces share.

    All pieces say the same but for their ids. A manifest counts once each of its pieces is there. Without events
    and without a stated coverage a release speaks of nothing: `coverage` is null.
    """

    manifest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    feed: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    release: Annotated[str, Field(min_length=1, max_length=100)]
    sequence: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    coverage: ReleaseCoverage | None
    ids: tuple[str, ...]
    piece: Annotated[int, Field(ge=1)]
    pieces: Annotated[int, Field(ge=1)]
