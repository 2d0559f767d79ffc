"""Apache Kafka's own files: which jars belong to it, where they lie, and whether they are the ones of the lock file.

The lock file `kafka.lock.toml` names every jar with its size and SHA-256. Hashes are checked once, after the download
(`eventlog.node.install`); a start compares sizes only, which finds a torn installation in a millisecond.
"""

import hashlib
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import Failed

LOCK_FILE: Final = Path(__file__).with_name("kafka.lock.toml")


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of the distribution; `size` in bytes, `sha256` in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Artefacts:
    """The locked distribution: the version of Kafka, the Maven coordinates that it was resolved from, and its jars."""

    version: str
    coordinates: str
    jars: tuple[Jar, ...]

    @property
    def folder(self) -> Path:
        """Where this version is installed, inside the virtual environment."""
        return Path(sys.prefix, "share", "vigil", "kafka", self.version)

    @property
    def class_path(self) -> str:
        """The jars as Java's `-cp` wants them, in a fixed order."""
        return ":".join(str(self.folder / jar.name) for jar in self.jars)

    def class_archive(self, java_version: int) -> Path:
        """Where the archive of loaded classes for this Java lies, if it was made (see `class_archive`)."""
        return self.folder / f"classes-{java_version}.jsa"


def read_lock() -> Artefacts:
    """The content of the lock file."""
    lock = tomllib.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return Artefacts(lock["version"], lock["coordinates"], tuple(Jar(**jar) for jar in lock["jars"]))


def installed() -> Artefacts:
    """The installed distribution, every jar of it present in its full size.

    Raises: Failed naming the first jar that is not.
    """
    artefacts = read_lock()
    for jar in artefacts.jars:
        path = artefacts.folder / jar.name
        if not path.is_file() or path.stat().st_size != jar.size:
            raise Failed(f"Kafka's file {path} is missing or torn; run `rm -f .venv/.broker && make setup`")
    return artefacts


def describe(path: Path) -> Jar:
    """The lock file's entry for this file."""
    return Jar(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
