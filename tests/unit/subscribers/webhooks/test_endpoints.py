"""The file of endpoints: for its owner only, whole at any moment, and read as it was written."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from schemas.errors import Failed, Misuse
from subscribers.webhooks.endpoints import Endpoints, check_url, new_endpoint
from tests.unit.subscribers.webhooks.parts import endpoint
from timeline.filters import Filters


def add(store: Endpoints, name: str) -> None:
    with store.changing() as endpoints:
        endpoints[name] = endpoint(name=name, filters=Filters(country=("MLI",), first="2021-10-01"), since=7)


def test_they_are_read_as_they_were_written_and_belong_to_nobody_else(tmp_path: Path) -> None:
    store = Endpoints(tmp_path / "webhooks")
    assert (store.read(), store.stamp()) == ((), None)
    before = os.umask(0)
    try:
        add(store, "a")
    finally:
        os.umask(before)
    [read] = store.read()
    assert (read.name, read.filters, read.since) == ("a", Filters(country=("MLI",), first="2021-10-01"), 7)
    assert (store.folder.stat().st_mode & 0o777, (store.folder / "endpoints.json").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    stamp = store.stamp()
    add(store, "b")
    assert store.stamp() != stamp
    assert [each.name for each in store.read()] == ["a", "b"]
    assert read.secret not in repr(read)


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    store = Endpoints(tmp_path)
    add(store, "a")
    with pytest.raises(ZeroDivisionError), store.changing() as endpoints:
        del endpoints["a"]
        raise ZeroDivisionError
    assert [each.name for each in store.read()] == ["a"]


def test_of_many_changes_at_once_none_is_lost(tmp_path: Path) -> None:
    store = Endpoints(tmp_path)
    threads = [threading.Thread(target=add, args=(store, f"e{number}")) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.name for each in store.read()) == sorted(f"e{number}" for number in range(12))


def test_whoever_waits_in_vain_for_another_change_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.webhooks.endpoints._LOCK_SECONDS", 0.05)
    store = Endpoints(tmp_path)
    with store.changing(), pytest.raises(Failed, match="try again"):
        add(store, "a")


def test_a_damaged_file_is_told_of_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text('[{"name": "a"}]')
    with pytest.raises(Failed, match="holds no endpoints"):
        Endpoints(tmp_path).read()


def test_a_secret_is_random_and_long_enough_for_the_specification() -> None:
    secrets = {endpoint().secret for _ in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


@pytest.mark.parametrize(
    "url",
    [
        "", "desk", "ftp://desk.example.org/", "file:///etc/passwd", "https://", "http:///x", "https://a b/",
        "https://user:pass@desk.example.org/", "https://desk.example.org/#part", "http://desk:99999/",
        "https://desk.example.org/\n", "http://[::1/", "https://desk.example.org/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Misuse):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://desk.example.org/hooks?key=1", "desk.example.org"), ("http://127.0.0.1:9000", "127.0.0.1"),
     ("http://[::1]:9000/", "::1")],
)  # fmt: skip
def test_an_address_here_or_elsewhere_is_taken(url: str, host: str) -> None:
    assert check_url(url) == host


def test_names_are_checked_and_given_once() -> None:
    assert new_endpoint("https://desk.example.org/", name=None, taken=()).name == "desk.example.org"
    with pytest.raises(Failed, match="already"):
        new_endpoint("https://desk.example.org/", name="a", taken=["a"])
    for name in ("", "a b", "../x", "x" * 65, "-x"):
        with pytest.raises(Misuse, match="--name"):
            new_endpoint("https://desk.example.org/", name=name, taken=())
