"""`vigil alerts --format`: what is refused before a broker is asked, and how files are written."""

from pathlib import Path

import pytest

from cli.alerting.formats import write_file
from cli.main import run


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--status", "test"], "--status needs --format"),
        (["--output", "x"], "--output needs --format"),
        (["--web", "https://desk.example/"], "--web needs --format"),
        (["--format", "cap", "--table"], "--format is a form of alerts"),
        (["--format", "atom"], "--format atom needs --output"),
        (["--format", "atom", "--output", "x", "--all"], "no --all and no --follow"),
        (["--format", "atom", "--output", "x", "--follow"], "no --all and no --follow"),
        (["--format", "atom", "--output", "x", "--rule", "coup"], "--rule is no filter for the feed of a scope"),
        (["--format", "atom", "--output", "x", "--from", "2021-01-01"], "--from is no filter"),
        (["--format", "cap", "--status", "actual"], "--status actual needs --sender"),
        (["--format", "cap", "--sender", ""], "--sender: expected a name without blanks"),
        (["--format", "cap", "--sender", "a desk"], "found 'a desk'"),
        (["--format", "cap", "--sender", "a,b"], "found 'a,b'"),
        (["--format", "cap", "--sender", "a<b"], "found 'a<b'"),
        (["--format", "cap", "--sender", "a&b"], "found 'a&b'"),
        (["--format", "cap", "--restriction", " "], "--restriction: expected who may see the messages"),
        (["--format", "cap", "--web", "desk.example"], "--web: expected an address"),
        (["--format", "cap", "--web", "https://desk.example/ a"], "--web: expected an address"),
    ],
)
def test_what_does_not_fit_is_refused(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["alerts", *arguments, "--dir", str(tmp_path)]) == 2
    assert complaint in capsys.readouterr().err


def test_a_file_is_replaced_as_a_whole_and_left_alone_when_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "feeds" / "world.atom"
    write_file(path, b"one")
    reader = path.open("rb")
    inode = path.stat().st_ino
    write_file(path, b"one")
    assert path.stat().st_ino == inode
    write_file(path, b"two")
    with reader:
        # Who had opened the old file reads the old file.
        assert reader.read() == b"one"
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["world.atom"]
