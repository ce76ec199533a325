#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do the checkers of the law see a breach?  Runs each over test/law/fixture, where every rule is
# broken, and compares what they print with checkers.expected.  `checkers.sh --accept` writes it.
set -uo pipefail
cd "$(dirname "$0")/../.."
expected=test/law/checkers.expected
fixture=test/law/fixture

run() {
    echo "== $*"
    "$@" "$fixture" 2>/dev/null
    echo "exit $?"
}

all() {
    run tools/floors
    run tools/headers alone
    run tools/headers umbrella
    run tools/snippets
    for rule in file_length function_length columns leftovers licence conditionals documented; do
        run tools/tidy "$rule"
    done
}

if [ "${1:-}" = --accept ]; then
    all >"$expected"
else
    all | diff -u "$expected" -
fi
