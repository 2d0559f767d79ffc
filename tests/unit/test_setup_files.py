"""What sets the project up: lock files without host names, and one line when something is missing."""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def _locked(name: str) -> dict[str, str]:
    """By package what a lock file says of it: versions, the platforms they are for, and hashes."""
    said: dict[str, str] = {}
    for entry in (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        package = entry.partition("==")[0]
        said[package] = said.get(package, "") + entry
    return said


def _asked_for(*groups: str) -> set[str]:
    """The packages that pyproject.toml names: `dependencies`, or an optional group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {"dependencies": project["dependencies"], **project["optional-dependencies"]}
    return {_canonical(Requirement(each).name) for group in groups for each in listed[group]}


def _needed(packages: set[str]) -> set[str]:
    """These packages and all that they need in turn here, as the installed ones say themselves."""
    found: set[str] = set()
    open_ends = set(packages)
    while open_ends:
        package = open_ends.pop()
        found.add(package)
        wanted = [Requirement(each) for each in requires(package) or ()]
        here = {_canonical(each.name) for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})}
        open_ends |= here - found
    return found


def _canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", [*LOCKS, "requirements-jvm.lock", "eventlog/node/kafka.lock.toml"])
def test_lock_files_carry_hashes_and_no_host_names(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "sha256" in text
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_a_hash(name: str) -> None:
    entries = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    assert len(entries) > 40
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_what_runs_is_locked_for_developers_as_it_is_for_users() -> None:
    users, developers = map(_locked, LOCKS)
    assert users.items() < developers.items()


def test_a_user_gets_all_that_is_needed_to_run_and_no_tool() -> None:
    needed = _needed(_asked_for("dependencies", "build"))
    locked = _locked("requirements.lock")
    assert needed <= locked.keys()
    assert all("sys_platform == 'win32'" in locked[package] for package in locked.keys() - needed)
    assert not _asked_for("dev") & locked.keys()
    assert _asked_for("dev") < _locked("requirements-dev.lock").keys()


def _packages(folder: Path, *, path: Path) -> subprocess.CompletedProcess[str]:
    """Runs the installing script in a copy of it that has nothing else."""
    script = folder / "tools" / "packages.sh"
    script.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "tools" / "packages.sh", script)
    for program in ("dirname", "cat", "rm", "grep", "tail"):
        found = shutil.which(program)
        assert found is not None
        (path / program).symlink_to(found)
    return subprocess.run(
        ["/bin/sh", str(script), "packages"], env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )


def _fake_python(path: Path, script: str) -> None:
    (path / "python3").write_text(f"#!/bin/sh\n{script}\n")
    (path / "python3").chmod(0o755)


def test_no_python_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    done = _packages(tmp_path / "checkout", path=path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "setup: Python 3.11 or newer is needed and was not found; install it, or name it: "
        "make PYTHON=/path/to/python3 ..."
    ]


def test_an_old_python_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    _fake_python(path, "exit 1")
    done = _packages(tmp_path / "checkout", path=path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "Python 3.11 or newer is needed" in done.stderr


def test_a_python_without_virtual_environments_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    _fake_python(path, '[ "$1" = -m ] && exit 1; [ "$1" = --version ] && echo Python 3.11.0; exit 0')
    done = _packages(tmp_path / "checkout", path=path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("setup: python3 cannot make a virtual environment; install its venv")


def test_a_failing_download_is_one_line_that_names_the_log(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    # As venv does, then an environment whose pip fails.
    inner = '[ "$1" = -m ] && { echo "ERROR: no network"; exit 1; }; exit 0'
    _fake_python(
        path,
        f'[ "$1" = -m ] || exit 0\n{shutil.which("mkdir")} -p .venv/bin\n'
        f"printf '%s\\n' '#!/bin/sh' '{inner}' >.venv/bin/python\n{shutil.which('chmod')} +x .venv/bin/python",
    )
    done = _packages(tmp_path / "checkout", path=path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "setup: pip could not install requirements.lock: ERROR: no network (whole log: .venv/packages.log)"
    )


def test_make_setup_does_nothing_when_all_is_there() -> None:
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run(
        [make, "--no-print-directory", "setup"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    assert "Nothing to be done" in done.stdout
