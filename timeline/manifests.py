"""Manifests as pieces: the values of the records on the releases topic, and back.

Rules kept here:
- A piece stays under 1 MB, whatever the ids are.
- The same manifest gives the same pieces each time; repeated pieces are one.
- A manifest whose pieces are not all there says nothing: its publisher died, or is about to send the rest. Read
  without some of its ids it would withdraw the events that it contains.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from pydantic import ValidationError

from schemas.release import ManifestPiece, ReleaseCoverage
from timeline.releases import Coverage, Manifest
from timeline.times import microseconds, time_text

PIECE_BYTES: Final = 1_000_000
# What of a piece is not ids: names of bounded length, and all countries that there are.
_ROOM_FOR_THE_REST: Final = 20_000


def encode_pieces(manifest: Manifest, *, piece_bytes: int = PIECE_BYTES) -> list[bytes]:
    """Return the values of the manifest's records."""
    said = _said(manifest)
    chunks = list(_chunks(said.pop("ids"), piece_bytes - _ROOM_FOR_THE_REST)) or [[]]
    common = {**said, "manifest": _digest(manifest), "pieces": len(chunks)}
    return [
        orjson.dumps({**common, "piece": number, "ids": ids}, option=orjson.OPT_SORT_KEYS)
        for number, ids in enumerate(chunks, 1)
    ]


class Manifests:
    """The manifests of the pieces that were read so far, in any order, repeats among them."""

    def __init__(self) -> None:
        self.unreadable = 0
        """How many values were no pieces; they are passed over, because nobody can take a record back."""
        self._pieces: dict[tuple[str, int], dict[int, tuple[str, ...]]] = {}
        self._whole: dict[str, Manifest] = {}

    def take(self, value: bytes | None) -> None:
        """Take in a value of the releases topic."""
        try:
            piece = ManifestPiece.model_validate_json(value or b"")
        except ValidationError:
            self.unreadable += 1
            return
        parts = self._pieces.setdefault((piece.manifest, piece.pieces), {})
        parts[piece.piece] = piece.ids
        if piece.manifest in self._whole or parts.keys() != set(range(1, piece.pieces + 1)):
            return
        manifest = Manifest(
            feed=piece.feed,
            release=piece.release,
            sequence=piece.sequence,
            coverage=None if piece.coverage is None else _coverage(piece.coverage),
            ids=frozenset(event_id for ids in parts.values() for event_id in ids),
        )
        if _digest(manifest) != piece.manifest:
            self.unreadable += 1
            return
        self._whole[piece.manifest] = manifest

    def whole(self) -> list[Manifest]:
        """Return the manifests all of whose pieces were taken in."""
        return list(self._whole.values())


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """Return a coverage as JSON types."""
    countries = coverage.countries
    return {
        "countries": None if countries is None else sorted(countries, key=lambda code: (code is None, code or "")),
        "from": time_text(coverage.start),
        "until": time_text(coverage.end),
    }


def _coverage(said: ReleaseCoverage) -> Coverage:
    countries = None if said.countries is None else frozenset(said.countries)
    return Coverage(countries, _microseconds(said.start), _microseconds(said.end))


def _microseconds(time: datetime) -> int:
    return microseconds(time.isoformat())


def _said(manifest: Manifest) -> dict[str, Any]:
    return {
        "feed": manifest.feed,
        "release": manifest.release,
        "sequence": manifest.sequence,
        "coverage": None if manifest.coverage is None else coverage_json(manifest.coverage),
        "ids": sorted(manifest.ids),
    }


def _digest(manifest: Manifest) -> str:
    return sha256(orjson.dumps(_said(manifest), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _chunks(ids: list[str], most_bytes: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for event_id in ids:
        length = len(orjson.dumps(event_id)) + 1
        if chunk and size + length > most_bytes:
            yield chunk
            chunk, size = [], 0
        chunk.append(event_id)
        size += length
    if chunk:
        yield chunk
