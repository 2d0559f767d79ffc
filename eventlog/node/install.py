"""Installs Apache Kafka's files into the virtual environment: `python -m eventlog.node.install`.

Needs the network once; a complete installation is left as it is. `--lock` writes the lock file anew from what the
coordinates in it resolve to, for a change of version by hand.
"""

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jgo

from eventlog.node.artefacts import LOCK_FILE, Artefacts, describe, installed, read_lock
from eventlog.node.class_archive import make_class_archive
from eventlog.node.java import find_java
from schemas.errors import Failed


def install() -> None:
    """Downloads the locked jars, checks their hashes and puts them in place as a whole.

    Raises: Failed when a jar cannot be had, differs from the lock file, or is not in it.
    """
    with contextlib.suppress(Failed):
        installed()
        return
    artefacts = read_lock()
    sys.stderr.write(f"setup: downloading Apache Kafka {artefacts.version} ({len(artefacts.jars)} files)\n")
    with _downloaded(artefacts.coordinates) as jars:
        _check(artefacts, jars)
        _put_in_place(artefacts, jars)


def write_lock() -> None:
    """Writes the lock file from what its coordinates resolve to now."""
    artefacts = read_lock()
    with _downloaded(artefacts.coordinates) as jars:
        lines = [f'version = "{artefacts.version}"', f'coordinates = "{artefacts.coordinates}"', "jars = ["]
        for jar in map(describe, jars):
            lines.append(f'    {{ name = "{jar.name}", size = {jar.size}, sha256 = "{jar.sha256}" }},')
    LOCK_FILE.write_text("\n".join([*lines, "]", ""]), encoding="utf-8")


@contextlib.contextmanager
def _downloaded(coordinates: str) -> Iterator[list[Path]]:
    """The jars that these coordinates resolve to, sorted by name, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="vigil-kafka-") as cache:
        # Where it finds no Java, jgo downloads one to look into the jars with, which nothing here needs.
        os.environ["JAVA_HOME"] = str(find_java().path.parent.parent)
        logging.getLogger("jgo").setLevel(logging.ERROR)
        try:
            environment = jgo.build(coordinates, cache_dir=Path(cache))
        # The resolver raises whatever its HTTP client, its parser or the file system does.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise Failed(f"cannot download Apache Kafka, which needs the network once: {reason}") from error
        yield sorted(Path(environment.path).glob("*/*.jar"), key=lambda path: path.name)


def _check(artefacts: Artefacts, jars: list[Path]) -> None:
    locked = {jar.name: jar for jar in artefacts.jars}
    for path in jars:
        if locked.pop(path.name, None) != describe(path):
            raise Failed(
                f"{path.name} as downloaded is not the file that {LOCK_FILE.name} names; nothing was installed"
            )
    if locked:
        raise Failed(f"the download of Apache Kafka lacks {', '.join(sorted(locked))}; nothing was installed")


def _put_in_place(artefacts: Artefacts, jars: list[Path]) -> None:
    """Fills a folder beside the final one and renames it, so that an interrupted installation leaves no half of one."""
    target = artefacts.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as half:
        complete = Path(half, "complete")
        complete.mkdir()
        for jar in jars:
            shutil.copyfile(jar, complete / jar.name)
        shutil.rmtree(target, ignore_errors=True)
        complete.rename(target)


if __name__ == "__main__":
    try:
        write_lock() if sys.argv[1:] == ["--lock"] else install()
        make_class_archive()
    except Failed as error:
        sys.exit(f"setup: {error}")
