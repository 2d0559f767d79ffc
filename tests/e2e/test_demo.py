"""`vigil demo`, as `make run` runs it, off a terminal."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Vigil, until

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def test_the_demo_tells_everything_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    vigil = Vigil(tmp_path / "demo")
    first = vigil.run("demo", "--exit").stdout
    assert "raised: Coup or attempted coup, country:MLI" in first
    assert "alerts stand" in first
    assert "\x1b" not in first
    assert vigil.processes() == []
    output = tmp_path / "output"
    with output.open("w") as stdout:
        second = vigil.start("demo", stdout=stdout, stderr=subprocess.STDOUT)
        until(lambda: "Ctrl-C stops everything." in output.read_text())
        assert len(vigil.processes()) > 1
        second.send_signal(signal.SIGINT)
        assert second.wait(60) == 0
    told = output.read_text()
    assert vigil.processes() == []
    assert " 0 assertions were news" in told
    assert "raised:" not in told
    assert "Traceback" not in told
    assert first[first.index("The year before the clock") :] in told


def test_ctrl_c_while_the_demo_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    vigil = Vigil(tmp_path / "demo")
    early = vigil.start("demo", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until(lambda: len(vigil.processes()) > 1)
    early.send_signal(signal.SIGINT)
    told, _ = early.communicate(timeout=60)
    assert early.returncode == 0
    assert "Traceback" not in told
    assert vigil.processes() == []
