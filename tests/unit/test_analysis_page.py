"""The worked example of docs/analysis.md, executed: it prints what the page shows and draws the committed picture."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from cli.main import run
from cli.publishing.samples import feed_of, sample_files
from producers.feeds import Files, read_files
from producers.rows import Published
from tests.archives import archive_of

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs" / "analysis.md").read_text(encoding="utf-8")
PICTURE = HOME / "docs" / "pictures" / "burkina-faso.svg"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the archive that the example begins with, as the current one."""
    folder = tmp_path_factory.mktemp("example")
    archive_of(folder / "history.archive", map(json.loads, _sample_lines()), taken="2026-11-20T10:00:00Z")
    with contextlib.chdir(folder), mpl.rc_context({"backend": "svg"}):
        yield folder


def _sample_lines() -> Iterator[bytes]:
    for path in sample_files(HOME / "samples"):
        for row in read_files(feed_of(path), Files([str(path)])):
            if isinstance(row, Published):
                yield row.event.model_dump_json(exclude_none=True, by_alias=True).encode()


def test_the_python_of_the_page_prints_what_the_page_shows(example: Path) -> None:
    steps = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(steps) == PAGE.count("```python") == 6
    names: dict[str, Any] = {}
    for code, shown in steps:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "docs/analysis.md", "exec"), names)
        assert out.getvalue().strip() == shown.strip()
    drawn = (example / "burkina-faso.svg").read_text(encoding="utf-8")
    assert drawn == PICTURE.read_text(encoding="utf-8"), "draw docs/pictures/burkina-faso.svg again"
    assert len(drawn) < 50_000


@pytest.mark.parametrize("command", re.findall(r"^vigil export .*$", PAGE, flags=re.MULTILINE))
def test_the_commands_of_the_page_export_something(
    command: str, example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shlex.split(command)[1:]) == 0
    said = capsys.readouterr().out
    rows = json.loads(said)["rows"] if "--output" in command else len(said.splitlines())
    assert rows > 100
