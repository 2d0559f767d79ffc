#!/bin/sh
# Writes requirements.lock (what Vigil needs to run) and requirements-dev.lock (that, and its developers' tools) from
# pyproject.toml: for every platform and Python from 3.11 on, with hashes and without host names.
# usage: tools/lock.sh [--upgrade | --upgrade-package NAME]
# Without an option all versions that are locked stay, unless pyproject.toml does not allow them any more.
set -eu

cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/python" -m pip --disable-pip-version-check --quiet install uv==0.13.9

resolve() {
    "$folder/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --native-tls pyproject.toml --extra build "$@" >/dev/null
}

# The smaller one takes its versions from the larger one, so that the two agree.
resolve --extra dev --output-file requirements-dev.lock "$@"
cp requirements-dev.lock requirements.lock
resolve --output-file requirements.lock
