#!/bin/sh
# Creates the virtual environment in .venv and installs the locked packages and this project into it.
# usage: tools/packages.sh packages | tools | jvm
# Nothing but Python 3.11 or newer is needed. What goes wrong is told in one line; the rest is in a log in .venv.
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
    .venv/bin/python -m pip --disable-pip-version-check install --no-input --progress-bar off --no-deps "$@" >>"$log" 2>&1 ||
        fail "pip could not install ${what}: $(grep -i error "$log" | tail -n 1) (whole log: $log)"
}

# The lock files are whole, so nothing is resolved again.
install_locked() {
    what=$1
    shift
    : >"$log"
    pip_install --require-hashes -r "$what" "$@"
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
    echo "setup: installing the packages of requirements.lock" >&2
    install_locked requirements.lock
    what="this project"
    pip_install --no-build-isolation --no-index -e .
}

tools() {
    echo "setup: installing the tools of requirements-dev.lock" >&2
    # Most of their modules are never loaded: Python compiles those that are when it first needs them.
    install_locked requirements-dev.lock --no-compile
}

jvm() {
    echo "setup: no Java 17 or newer here, installing one into .venv" >&2
    install_locked requirements-jvm.lock
}

cd "$(dirname "$0")/.." || exit 1
# A log a step: two of them may run at the same time.
log=.venv/${1-}.log
case "${1-}" in
packages) packages ;;
tools) tools ;;
jvm) jvm ;;
*) fail "usage: tools/packages.sh packages | tools | jvm" ;;
esac
