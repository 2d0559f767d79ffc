"""The JSON Schema files are those of the models, and they are schemas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import orjson
import pytest

import schemas
from schemas.json_schema import json_schemas
from tests.unit.schemas.test_event import AGUELHOK, changed

FOLDER = Path(schemas.__file__).parent / "json"


def test_the_files_are_fresh() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert written == json_schemas(), "stale: run `python -m tools.write_json_schemas`"


def test_every_file_is_a_schema() -> None:
    for text in json_schemas().values():
        jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_the_event_schema_takes_what_the_model_takes() -> None:
    schema = json.loads(json_schemas()["event.json"])
    jsonschema.validate(orjson.loads(orjson.dumps(AGUELHOK)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed("killed.total.best", "4"), schema)
