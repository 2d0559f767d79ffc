"""Commands are strict when written, and keyed by what they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

import schemas
from schemas.command import Command, command_key

Json = dict[str, Any]
ACKNOWLEDGE: Json = {"command": "acknowledge", "id": "a" * 32, "by": "Awa Traoré", "thread": "3f0ff5b2"}
COMMENT: Json = {
    "command": "comment",
    "id": "b" * 32,
    "by": "duty",
    "thread": "3f0ff5b2-2",
    "text": "seen on the ground",
}
SILENCE: Json = {
    "command": "silence", "id": "c" * 32, "by": "duty", "scope": "country:MLI", "rule": "deadly-week",
    "until": "2026-11-25T06:00:00Z", "comment": "the release is being loaded",
}  # fmt: skip
END: Json = {"command": "end_silence", "id": "d" * 32, "by": "duty", "silence": "c" * 32}
REPLAY: Json = {"command": "replay", "dead_letter": "0123456789abcdef", "events": ["vigil:1"]}
ALL = (ACKNOWLEDGE, COMMENT, SILENCE, END, REPLAY)
SCHEMA = json.loads((Path(schemas.__file__).parent / "json" / "command.json").read_text())


def read(said: Json) -> Command:
    return Command.model_validate_json(json.dumps(said))


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (ACKNOWLEDGE, "3f0ff5b2"), (COMMENT, "3f0ff5b2-2"), (SILENCE, "c" * 32), (END, "c" * 32),
        (REPLAY, "0123456789abcdef"),
    ],
    ids=lambda each: each.get("command") if isinstance(each, dict) else None,
)  # fmt: skip
def test_a_command_is_keyed_by_what_it_is_about(said: Json, key: str) -> None:
    assert command_key(read(said).root) == key
    jsonschema.validate(said, SCHEMA)


def test_a_reader_accepts_members_that_it_does_not_know() -> None:
    assert read(ACKNOWLEDGE | {"later": 1}) == read(ACKNOWLEDGE)


@pytest.mark.parametrize(
    "wrong",
    [
        ACKNOWLEDGE | {"by": ""},
        ACKNOWLEDGE | {"by": "two\nlines"},
        ACKNOWLEDGE | {"by": "blank at the end "},
        ACKNOWLEDGE | {"id": "no digits"},
        ACKNOWLEDGE | {"command": "unknown"},
        COMMENT | {"text": " \n"},
        COMMENT | {"text": 5},
        SILENCE | {"until": "2026-11-25T06:00:00"},
        SILENCE | {"scope": "land:MLI"},
        SILENCE | {"scope": "country:"},
        SILENCE | {"scope": "country:MLI@ucdp-ged"},
        SILENCE | {"comment": ""},
        END | {"silence": None},
    ],
    ids=str,
)
def test_what_is_no_command_is_refused(wrong: Json) -> None:
    with pytest.raises(ValidationError):
        read(wrong)


@pytest.mark.parametrize("scope", ["world", "world@ucdp-ged", "admin1:MLI/Gao Region", "actor:jnim", "mission:MINUSMA"])
def test_every_kind_of_scope_can_be_silenced(scope: str) -> None:
    read(SILENCE | {"scope": scope})


def test_a_silence_over_everything_is_refused() -> None:
    read({name: value for name, value in SILENCE.items() if name != "scope"})
    with pytest.raises(ValidationError, match="expected scope, rule or both"):
        read({name: value for name, value in SILENCE.items() if name not in ("scope", "rule")})
