"""PostgreSQL for tests: a cluster of their own in a temporary folder, reached by a socket in it, gone when they are.

It sorts by language, as most do, so that what must sort by code point is seen to say so itself. Nothing is written for
good: a power cut may take it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.processes import until

_DEBIAN = "/usr/lib/postgresql"
_NOBODY = ("postgres", "nobody")
"""Who may run it when root does not, the first that there is."""
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")
_numbers = itertools.count(1)


class Cluster:
    """A running cluster; `database` makes an empty database in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        """The URL of a database, as `--database-url` takes it."""
        return f"postgresql+psycopg://vigil@/{name}?host={self.folder}"

    def database(self) -> str:
        """The URL of a database of the caller's own, empty."""
        name = f"test_{next(_numbers)}"
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def answers(self) -> bool:
        """Whether it lets somebody in."""
        with contextlib.suppress(psycopg.OperationalError), self._connected():
            return True
        return False

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(f"host={self.folder} user=vigil dbname=postgres", autocommit=True)


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs: in PATH, or where Debian has the newest."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path(_DEBIAN).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextlib.contextmanager
def run_postgres() -> Iterator[Cluster]:
    """Run a cluster; without PostgreSQL the test is skipped, or fails where CI should have it."""
    found = binaries()
    if found is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("PostgreSQL is not installed; tools/debian.sh does it where there is apt-get")
    with tempfile.TemporaryDirectory(prefix="vigil-pg-") as name:
        folder = Path(name)
        options = ["-D", str(folder / "data"), "-U", "vigil", "-A", "trust", "-E", "UTF8", "--no-sync"]
        _own(folder)
        _run([str(found / "initdb"), *options, "--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8"])
        settings = [part for each in (*_SETTINGS, f"unix_socket_directories={folder}") for part in ("-c", each)]
        # By SIGINT it ends at once, and so it does when the tests end in whatever way.
        command = [*_as_nobody("--pdeathsig", "INT"), str(found / "postgres"), "-D", str(folder / "data"), *settings]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
            cluster = Cluster(folder)
            try:
                until(lambda: cluster.answers() or server.poll() is not None, poll_seconds=0.05)
                assert server.poll() is None, (folder / "log").read_text()
                yield cluster
            finally:
                server.send_signal(2)


def _run(command: list[str]) -> None:
    done = subprocess.run([*_as_nobody(), *command], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr or done.stdout


def _as_nobody(*more: str) -> list[str]:
    """PostgreSQL refuses to run as root: what runs a command as somebody who may do less."""
    if os.geteuid():
        return ["setpriv", *more] if more and shutil.which("setpriv") else []
    user = _nobody()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *more]


def _own(folder: Path) -> None:
    if not os.geteuid():
        user = _nobody()
        os.chown(folder, user.pw_uid, user.pw_gid)


def _nobody() -> pwd.struct_passwd:
    names = {user.pw_name: user for user in pwd.getpwall()}
    return next(names[name] for name in _NOBODY if name in names)
