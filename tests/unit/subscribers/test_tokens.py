"""Tokens are seen once, kept as hashes, and good until they expire or are revoked."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.serving.tokens import token
from schemas.errors import Failed
from subscribers.tokens import create_token, find_token, read_tokens, revoke_token
from timeline.times import microseconds

NOW = microseconds("2026-11-24T12:00:00Z")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "there" / "tokens.json"


def test_a_token_is_found_by_itself_and_the_file_does_not_tell_it(file: Path) -> None:
    secrets = [create_token(file, name=f"n{n}", roles=["push", "read"], expires=None, now=NOW) for n in range(3)]
    assert all(each.startswith("vgl_") and len(each) == 47 for each in secrets)
    tokens = read_tokens(file)
    assert [find_token(tokens, each, NOW) for each in secrets] == tokens
    assert tokens[0].roles == ("push", "read") and tokens[0].last == secrets[0][-4:]
    assert not any(each[4:-4] in file.read_text() for each in secrets)
    for wrong in ("", "vgl_", secrets[0][:-1], secrets[0].upper(), tokens[0].sha256):
        assert find_token(tokens, wrong, NOW) is None


def test_only_its_owner_reads_the_file_whatever_the_mask(file: Path) -> None:
    before = os.umask(0)
    try:
        create_token(file, name="n", roles=["read"], expires=None, now=NOW)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_is_good_up_to_the_end_of_its_last_day(file: Path) -> None:
    secret = create_token(file, name="n", roles=["read"], expires=date(2026, 11, 24), now=NOW)
    tokens = read_tokens(file)
    assert find_token(tokens, secret, microseconds("2026-11-24T23:59:59.999999Z")) is not None
    assert find_token(tokens, secret, microseconds("2026-11-25T00:00:00Z")) is None


def test_a_name_is_given_once_and_a_revoked_one_again(file: Path) -> None:
    secret = create_token(file, name="n", roles=["read"], expires=None, now=NOW)
    with pytest.raises(Failed, match="already"):
        create_token(file, name="n", roles=["read"], expires=None, now=NOW)
    revoke_token(file, "n")
    with pytest.raises(Failed, match="there is no token 'n'"):
        revoke_token(file, "n")
    assert read_tokens(file) == []
    create_token(file, name="n", roles=["read"], expires=None, now=NOW)
    assert find_token(read_tokens(file), secret, NOW) is None


def test_no_change_of_several_at_once_is_lost(file: Path) -> None:
    def make(number: int) -> None:
        create_token(file, name=f"n{number}", roles=["read"], expires=None, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(40)))
    assert {each.name for each in read_tokens(file)} == {f"n{number}" for number in range(40)}


@pytest.mark.parametrize("text", ["", "[{", "{}", '[{"name": "n"}]', '[{"name":"n","roles":["all"]}]'])
def test_a_broken_file_is_told_and_never_written_over(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(Failed, match=r"tokens\.json is no file of tokens"):
        create_token(file, name="n", roles=["read"], expires=None, now=NOW)
    assert file.read_text() == text


@pytest.mark.parametrize("name", ["", " n", "a\nb", "x" * 101])
def test_a_name_is_one_line(file: Path, name: str) -> None:
    with pytest.raises(Failed, match="a name in one line"):
        create_token(file, name=name, roles=["read"], expires=None, now=NOW)


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(token, [*arguments, "--dir", str(tmp_path)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    made = json.loads(run("create", "Awa Traoré", "--role", "read", "--role", "operate", "--expires", "2999-12-31"))
    assert find_token(read_tokens(tmp_path / "tokens.json"), made["token"], NOW) is not None
    assert made["roles"] == ["operate", "read"]
    listed = json.loads(run("list"))
    assert (listed["name"], listed["last"], listed["expired"]) == ("Awa Traoré", made["token"][-4:], False)
    assert made["token"] not in run("list")
    assert "2999-12-31" in run("list", "--table")
    assert json.loads(run("revoke", "Awa Traoré")) == {"revoked": "Awa Traoré"}
    assert run("list") == ""
