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
    second = vigil.run("demo", "--exit").stdout
    assert " 0 assertions were news" in second
    assert "raised:" not in second
    assert first[first.index("The year before the clock") :] == second[second.index("The year before the clock") :]


def test_the_demo_stays_until_ctrl_c_which_may_come_at_any_time(tmp_path: Path) -> None:
    vigil = Vigil(tmp_path / "demo")
    output = tmp_path / "output"
    with output.open("w") as stdout:
        early = vigil.start("demo", stdout=stdout, stderr=subprocess.STDOUT)
        until(lambda: len(vigil.processes()) > 1)
        early.send_signal(signal.SIGINT)
        assert early.wait(60) == 0
    assert vigil.processes() == []
    assert "Traceback" not in output.read_text()
    with output.open("w") as stdout:
        late = vigil.start("demo", stdout=stdout, stderr=subprocess.STDOUT)
        until(lambda: "Ctrl-C stops everything." in output.read_text())
        late.send_signal(signal.SIGINT)
        assert late.wait(60) == 0
    assert vigil.processes() == []
    assert "Traceback" not in output.read_text()
