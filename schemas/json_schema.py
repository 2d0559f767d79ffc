"""JSON Schema documents of all that crosses a boundary, for readers in any language."""

from __future__ import annotations

import json

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas.aggregate import Aggregate
from schemas.alert import AlertTransition
from schemas.command import Command
from schemas.event import Event
from schemas.release import ManifestPiece
from schemas.rule import RuleSet
from schemas.timeline_record import TimelineHeaders

PUBLISHED: dict[str, type[BaseModel]] = {
    "event": Event,
    "timeline-headers": TimelineHeaders,
    "aggregate": Aggregate,
    "alert": AlertTransition,
    "rules": RuleSet,
    "release": ManifestPiece,
    "command": Command,
}


def json_schemas() -> dict[str, str]:
    """Return {file name: text} of the JSON Schema (2020-12) of every published model."""
    return {f"{name}.json": _document(model) for name, model in PUBLISHED.items()}


def _document(model: type[BaseModel]) -> str:
    _, document = models_json_schema([(model, "validation")])
    root = document["$defs"].pop(model.__name__)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, **document}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
