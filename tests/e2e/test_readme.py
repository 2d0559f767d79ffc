"""The commands of the README run, in their order, and print what it says.

`$ ` begins a command, what follows is its output: "..." stands for lines left out, "…" for the rest of a line.
`make run` is run as what it runs after the setup, and the commands after it find its service running.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import HOME, VIGIL, Service, Vigil

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def _commands() -> Iterator[tuple[str, list[str]]]:
    for block in re.findall(r"^```\w*\n(.*?)^```$", (HOME / "README.md").read_text(), re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            yield command, output


COMMANDS = list(_commands())


@pytest.fixture(scope="module")
def demo(vigil: Vigil) -> Iterator[str]:
    """What the demo prints; its data stays for the service that comes after it."""
    yield vigil.run("demo", "--exit").stdout


@pytest.fixture(scope="module")
def after_the_demo(vigil: Vigil, demo: str) -> Iterator[Service]:
    service = Service(vigil, "--clock", "log")
    yield service
    service.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to write in that looks like the checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("samples", "rules.yaml", "rules.test.yaml"):
        (folder / name).symlink_to(HOME / name)
    return folder


def test_there_are_commands_in_the_readme() -> None:
    assert COMMANDS[0][0] == "make run"
    assert len(COMMANDS) > 10


def test_the_first_command_prints_what_the_readme_says(demo: str) -> None:
    # The service stays on there and ends here.
    _assert_printed(demo, [line for line in COMMANDS[0][1] if line != "Ctrl-C stops everything."])


@pytest.mark.parametrize(("command", "output"), COMMANDS[1:], ids=[command for command, _ in COMMANDS[1:]])
def test_the_other_commands_print_what_the_readme_says(
    command: str, output: list[str], vigil: Vigil, after_the_demo: Service, folder: Path
) -> None:
    vigil.run("status", "--wait", "60")
    script = command.replace("vigil ", f"{' '.join(VIGIL)} ", 1) if command.startswith("vigil ") else command
    script = script.replace("localhost:8420", str(after_the_demo.ready["url"]))
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=vigil.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    _assert_printed(done.stdout, output)


def _assert_printed(printed: str, output: list[str]) -> None:
    lines = [line.rstrip() for line in printed.splitlines()]
    for line in output:
        if line == "...":
            continue
        start = line.removesuffix("…").rstrip()
        assert any(found.startswith(start) if line.endswith("…") else found == start for found in lines), line
