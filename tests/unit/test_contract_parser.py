"""AsyncAPI's own parser takes the contract, and would not take it with a mistake in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.async_api import async_api

ROOT = Path(__file__).parents[2]
PARSER = ROOT / ".venv" / "asyncapi"
LOCK = ROOT / "tools" / "asyncapi" / "package-lock.json"

Said = list[dict[str, Any]]


@pytest.fixture(scope="module")
def parser() -> str:
    """The program that runs the parser. `make setup` installs both where there is a Node.js; here it is done once more
    for whoever had none then."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("there is no Node.js here, which AsyncAPI's own parser needs")
    subprocess.run([ROOT / "tools" / "asyncapi.sh"], check=True, timeout=240)
    return node


def _parsed(parser: str, *documents: dict[str, Any]) -> list[Said]:
    command = [parser, str(ROOT / "tools" / "asyncapi" / "check.js"), str(PARSER)]
    done = subprocess.run(command, input=json.dumps(documents), capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _with(path: str, value: Any) -> dict[str, Any]:
    """The contract with another value at a path; None takes away what is there."""
    document = inner = deepcopy(async_api(prefix="test.", bootstrap="kafka:9092"))
    *above, last = path.split("/")
    for member in above:
        inner = inner[member]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_the_parser_finds_nothing_wrong(parser: str) -> None:
    [said] = _parsed(parser, async_api())
    # That there is a newer version of AsyncAPI is no fault of a document of this one.
    assert [each for each in said if each["code"] != "asyncapi-latest-version"] == []


MISTAKES = {
    "a channel without its message": _with("channels/alerts/messages", None),
    "a reference to nothing": _with("components/messages/incident/payload", {"$ref": "#/components/schemas/Evnt"}),
    "no such binding": _with("channels/alerts/bindings/kafka/partitions", 0),
    "no such action": _with("operations/readAlerts/action", "subscribe"),
}


def test_the_parser_finds_each_mistake(parser: str) -> None:
    for name, said in zip(MISTAKES, _parsed(parser, *MISTAKES.values()), strict=True):
        assert [each for each in said if each["level"] == "error"], name


def test_the_lock_file_carries_hashes_and_no_host_names() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    wanted = packages.pop("")["dependencies"]
    assert wanted == json.loads(LOCK.with_name("package.json").read_text(encoding="utf-8"))["dependencies"]
    assert len(packages) > 100
    assert all(each["integrity"].startswith("sha512-") and each["version"] for each in packages.values())
