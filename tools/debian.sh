#!/bin/sh
# Installs, on Debian and its kin, the programs that tests use and that no Python package brings.
# Does nothing when all of them are there. Exits with 3 where it may not install: then it says what is missing.
set -u

fail() { echo "setup: $1" >&2; exit "${2-1}"; }

# One line a program: how to tell that it is there, and the package that has it.
missing() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql
    command -v chromium >/dev/null 2>&1 || echo chromium
    command -v kcat >/dev/null 2>&1 || echo kcat
}

packages=$(missing | tr '\n' ' ')
packages=${packages% }
[ -n "$packages" ] || exit 0
command -v apt-get >/dev/null 2>&1 || fail "not installed: ${packages}; without apt-get that is yours to do, or their tests are skipped" 3
[ "$(id -u)" = 0 ] || fail "not installed: ${packages}; as root: apt-get install --no-install-recommends ${packages}" 3

echo "setup: installing ${packages}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# PostgreSQL's package would start a cluster of its own, which nobody here uses.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
# shellcheck disable=SC2086 # one word a package
{ apt-get update && apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1 ||
    fail "apt-get could not install ${packages}: $(grep -E '^(E|Err):' "$log" | tail -n 1)"
left=$(missing | tr '\n' ' ')
[ -z "$left" ] || fail "installed, and yet not found: ${left}"
