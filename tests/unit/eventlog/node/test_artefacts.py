"""Kafka's files are the ones of the lock file, or nothing is installed or started."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from eventlog.node import artefacts, install
from eventlog.node.artefacts import describe, installed, read_lock
from schemas.errors import Failed

CONTENT = {"kafka.jar": b"kafka's own", "slf4j.jar": b"its logging"}


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the next download brings, `CONTENT` at first; the lock file names exactly that, and nothing is installed."""
    download = tmp_path / "download" / "jars"
    download.mkdir(parents=True)
    for name, content in CONTENT.items():
        (download / name).write_bytes(content)
    jars = "".join(
        f'    {{ name = "{jar.name}", size = {jar.size}, sha256 = "{jar.sha256}" }},\n'
        for jar in map(describe, sorted(download.iterdir()))
    )
    lock = tmp_path / "kafka.lock.toml"
    lock.write_text(f'version = "9.9.9"\ncoordinates = "a:b:9.9.9"\njars = [\n{jars}]\n')
    monkeypatch.setattr(artefacts, "LOCK_FILE", lock)
    monkeypatch.setattr(install, "LOCK_FILE", lock)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    found = SimpleNamespace(path=download.parent)
    monkeypatch.setattr(install, "jgo", SimpleNamespace(build=lambda *_, **__: found))
    return download


def test_the_lock_file_names_every_jar_once_with_its_hash() -> None:
    lock = read_lock()
    assert len({jar.name for jar in lock.jars}) == len(lock.jars) > 40
    assert {len(jar.sha256) for jar in lock.jars} == {64}
    assert f":{lock.version}+" in lock.coordinates


def test_an_installation_is_whole_and_made_once(downloads: Path) -> None:
    with pytest.raises(Failed, match="missing or torn"):
        installed()
    install.install()
    assert {path.name: path.read_bytes() for path in installed().folder.iterdir()} == CONTENT
    (downloads / "kafka.jar").write_bytes(b"another release")
    install.install()
    assert (installed().folder / "kafka.jar").read_bytes() == CONTENT["kafka.jar"]


def test_a_torn_file_is_named_and_put_right(downloads: Path) -> None:
    install.install()
    (installed().folder / "slf4j.jar").write_bytes(b"half")
    with pytest.raises(Failed, match=r"slf4j\.jar is missing or torn; run"):
        installed()
    install.install()
    installed()


def test_a_file_with_other_content_is_not_installed(downloads: Path) -> None:
    # Of the same size, so that only the hash can tell.
    (downloads / "kafka.jar").write_bytes(CONTENT["kafka.jar"].replace(b"own", b"foe"))
    with pytest.raises(Failed, match=r"kafka\.jar as downloaded is not the file that .* names"):
        install.install()
    assert not read_lock().folder.exists()


def test_a_file_too_many_or_too_few_is_not_installed(downloads: Path) -> None:
    (downloads / "stowaway.jar").write_bytes(b"")
    with pytest.raises(Failed, match=r"stowaway\.jar as downloaded is not"):
        install.install()
    (downloads / "stowaway.jar").unlink()
    (downloads / "slf4j.jar").unlink()
    with pytest.raises(Failed, match=r"lacks slf4j\.jar"):
        install.install()
    assert not read_lock().folder.exists()


def test_a_download_that_fails_is_one_line(downloads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object, **__: object) -> None:
        raise OSError("no route\nto host")

    monkeypatch.setattr(install, "jgo", SimpleNamespace(build=build))
    with pytest.raises(Failed, match="cannot download Apache Kafka, which needs the network once: no route to host"):
        install.install()


def test_the_lock_file_can_be_written_anew(downloads: Path) -> None:
    before = artefacts.LOCK_FILE.read_text()
    install.write_lock()
    assert artefacts.LOCK_FILE.read_text() == before
    (downloads / "kafka.jar").write_bytes(b"another release")
    install.write_lock()
    install.install()
    assert (installed().folder / "kafka.jar").read_bytes() == b"another release"
