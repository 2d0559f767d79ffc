"""`vigil topics contract` prints the contract of the log that the settings name, without a broker."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from schemas.async_api import BOOTSTRAP, async_api


def _printed(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> Any:
    assert run(["--dir", str(folder), "topics", "contract", *options]) == 0
    [line] = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_without_settings_it_is_the_document_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(capsys, tmp_path) == async_api()
    assert async_api()["servers"]["kafka"]["host"] == BOOTSTRAP


def test_it_names_the_first_broker_and_the_topics_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _printed(capsys, tmp_path, "--bootstrap-servers", "kafka-1:9092,kafka-2:9092", "--topic-prefix", "north.")
    assert found == async_api(prefix="north.", bootstrap="kafka-1:9092")
    assert found["channels"]["alerts"]["address"] == "north.vigil.public.alerts.v1"
