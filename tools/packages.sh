#!/bin/sh
# Creates the virtual environment in .venv and installs the locked packages and this project into it.
# usage: tools/packages.sh packages | jvm
# Nothing but Python 3.11 or newer is needed. What goes wrong is told in one line; the rest is in .venv/setup.log.
set -u

fail() { echo "setup: $*" >&2; exit 1; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
        echo "$candidate"
        return
    done
}

pip_install() {
    .venv/bin/python -m pip --disable-pip-version-check install --no-input --progress-bar off "$@" >>.venv/setup.log 2>&1 ||
        fail "pip could not install ${what}: $(grep -i error .venv/setup.log | tail -n 1) (whole log: .venv/setup.log)"
}

packages() {
    # A moved checkout or a removed interpreter leaves an environment that only looks whole.
    if [ "$(cat .venv/.home 2>/dev/null)" != "$PWD" ] || ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        [ -n "$python" ] || fail "Python 3.11 or newer is needed and was not found; install it, or name it: make PYTHON=/path/to/python3 ..."
        echo "setup: making .venv with $("$python" --version)" >&2
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 ||
            fail "$python cannot make a virtual environment; install its venv module (Debian and Ubuntu: apt-get install python3-venv)"
        echo "$PWD" >.venv/.home
    fi
    : >.venv/setup.log
    echo "setup: installing the packages of requirements.lock" >&2
    what=requirements.lock
    pip_install --require-hashes -r requirements.lock
    what="this project"
    pip_install --no-build-isolation --no-deps --no-index -e .
}

jvm() {
    echo "setup: no Java 17 or newer here, installing one into .venv" >&2
    what=requirements-jvm.lock
    pip_install --require-hashes -r requirements-jvm.lock
}

cd "$(dirname "$0")/.." || exit 1
case "${1-}" in
packages) packages ;;
jvm) jvm ;;
*) fail "usage: tools/packages.sh packages | jvm" ;;
esac
