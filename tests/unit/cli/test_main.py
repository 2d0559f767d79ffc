"""The command as a whole: what it loads, what it tells, and how it exits."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, run, vigil
from schemas.errors import Failed, Misuse, Transient

HOME = Path(__file__).parents[3]


def test_help_loads_no_subcommand_and_no_client() -> None:
    code = (
        "import sys; from cli.main import run; run(['--help']); "
        "print([m for m in sys.modules if m.split('.')[0] in ('kafka', 'aiokafka', 'pydantic', 'rich', 'faust')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_its_own_help_what_the_list_says_and_gives_an_example(name: str) -> None:
    command = vigil.get_command(click.Context(vigil), name)
    assert command is not None
    assert "Example" in (command.help or "")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        assert "Example" in (inner.help or ""), f"vigil {name} {inner.name}"


@pytest.mark.parametrize(
    ("error", "code"),
    [(Failed("a\nb"), 1), (Transient("a b"), 1), (Misuse("a b"), 2), (KeyError("a b"), 1), (OSError(28, "a b"), 1)],
)
def test_every_error_is_one_line_and_has_its_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(
        importlib.import_module("cli.archives.replay"), "replay", click.Command("replay", callback=fail)
    )
    assert run(["replay"]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("vigil: ")
    assert told.err.count("\n") == 1
    assert "a b" in told.err


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        importlib.import_module("cli.archives.replay"), "replay", click.Command("replay", callback=interrupted)
    )
    assert run(["replay"]) == 130
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["export"], ["replay", "--nonsense"], ["up", "--ledgers", "0"]])
def test_misuse_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Error: " in capsys.readouterr().err


def test_a_reader_that_closes_the_pipe_early_sees_no_error(tmp_path: Path) -> None:
    line = (
        '{"id":"vigil:%d","source":"vigil","type":"protest","publish_time":"2021-01-02T00:00:00Z",'
        '"event_time":{"start":"2021-01-01T00:00:00Z","end":"2021-01-02T00:00:00Z","precision":"day"}}\n'
    )
    archive = tmp_path / "many.jsonl"
    archive.write_text("".join(line % number for number in range(3000)))
    command = f"{sys.executable} -m cli replay --archive {archive} | head -n 1"
    done = subprocess.run(["sh", "-c", command], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_terminal_that_lacks_a_letter_shows_another_in_its_place(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("rules:\n  - {id: a, kind: silence, title: Mali … 3, severity: minor, days: 9}\n")
    shown = subprocess.run(
        [sys.executable, "-m", "cli", "rules", "explain", "--file", str(tmp_path / "r.yaml")],
        cwd=HOME, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=False,
    )  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.splitlines()[0] == ("a: Mali … 3" if encoding == "utf-8" else "a: Mali ? 3").encode()
