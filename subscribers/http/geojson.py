"""GeoJSON (RFC 7946): events at their places, alerts at those of the events that they rest on; longitude first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from subscribers.exporting.columns import EVENT_COLUMNS, TOLD_COLUMNS, Members
from subscribers.exporting.files import feature, flat_columns

Places = Mapping[tuple[str, str], Members]
"""The place of a cause, by its id and the first digits of its content."""


_EVENT: Final = flat_columns(EVENT_COLUMNS)
_ALERT: Final = flat_columns(TOLD_COLUMNS)


def event_feature(state: Members) -> Members:
    """Return the state of an event as a feature; `place_precision` is how near the point is."""
    return feature(_EVENT, state)


def alert_feature(alert: Members, places: Places) -> Members:
    """Return an alert as a feature: the points of the causes that it names, as far as they are known.

    `place_precision` is that of its points, where all have the same.
    """
    found = [places[cause["id"], cause["content"]] for cause in alert["causes"] if _key(cause) in places]
    located = [place for place in found if place.get("longitude") is not None and place.get("latitude") is not None]
    shown = feature(_ALERT, alert)
    shown["geometry"] = _points([[place["longitude"], place["latitude"]] for place in located])
    precisions = {place.get("precision") for place in located}
    if len(precisions) == 1 and None not in precisions:
        shown["properties"]["place_precision"] = precisions.pop()
    return shown


def feature_collection(features: Iterable[Members], following: str | None) -> bytes:
    """Return a page of features; `next` is a foreign member (section 6.1)."""
    return orjson.dumps({"type": "FeatureCollection", "features": list(features), "next": following})


def _key(cause: Members) -> tuple[str, str]:
    return cause["id"], cause["content"]


def _points(coordinates: list[list[float]]) -> Members | None:
    distinct = sorted({(longitude, latitude) for longitude, latitude in coordinates})
    if not distinct:
        return None
    if len(distinct) == 1:
        return {"type": "Point", "coordinates": list(distinct[0])}
    return {"type": "MultiPoint", "coordinates": [list(each) for each in distinct]}
