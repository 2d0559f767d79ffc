"""The progress bar: nothing off a terminal, and always every item."""

from __future__ import annotations

import sys

import pytest

from cli.progress_bar import with_progress


def test_off_a_terminal_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress(iter(range(5000)), "reading", total=5000)) == list(range(5000))
    assert capsys.readouterr() == ("", "")


def test_a_person_sees_how_far_it_is_on_stderr_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(with_progress(iter(range(2500)), "reading", total=2500)) == list(range(2500))
    told = capsys.readouterr()
    assert told.out == ""
    assert "reading" in told.err and "2500/2500" in told.err


def test_where_it_is_can_be_said_without_a_total(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(with_progress(iter("ab"), "telling", where=lambda item: f"day {item}")) == ["a", "b"]
    assert "day b" in capsys.readouterr().err
