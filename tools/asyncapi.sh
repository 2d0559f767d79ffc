#!/bin/sh
# Installs AsyncAPI's own parser into .venv/asyncapi, from its lock file; does nothing where it is.
# usage: tools/asyncapi.sh [lock]
# `lock` writes the lock file from package.json: with hashes, without host names.
# Exits with 3 where there is no Node.js: the parser is only for tests.
set -u

fail() { echo "setup: $1" >&2; exit "${2-1}"; }

lock() {
    (
        cd tools/asyncapi || exit 1
        npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund || exit 1
        # What is said of a package besides its version and its hash is of no use here, and has addresses in it.
        node -e '
            const { readFileSync, writeFileSync } = require("node:fs");
            const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
            for (const entry of Object.values(lock.packages)) {
                delete entry.funding; delete entry.deprecated; delete entry.resolved;
            }
            writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");'
    )
}

cd "$(dirname "$0")/.." || exit 1
for program in node npm; do
    command -v "$program" >/dev/null 2>&1 || fail "no $program here; with Node.js 20 or newer the contract is also checked by AsyncAPI's own parser" 3
done
[ "${1-}" = lock ] && { lock; exit; }

home=.venv/asyncapi
cmp -s tools/asyncapi/package-lock.json "$home/installed.json" && exit 0
echo "setup: installing AsyncAPI's own parser" >&2
rm -rf "$home"
mkdir -p "$home" || exit 1
cp tools/asyncapi/package.json tools/asyncapi/package-lock.json "$home" || exit 1
# No package's own scripts: one of them reports installations to its makers.
npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund >"$home/install.log" 2>&1 ||
    fail "npm could not install AsyncAPI's parser: $(grep -i error "$home/install.log" | head -n 1) (whole log: $home/install.log)"
cp tools/asyncapi/package-lock.json "$home/installed.json"
