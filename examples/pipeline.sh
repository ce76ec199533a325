#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the example count words as the shell's pipeline does, few and many?
set -eu
run() { ${WEIR_LAUNCH:-} "$EXAMPLE" "$@"; }
expect() { # what the shell makes of the same words, the output
    [ "$1" = "$2" ] || { printf 'expected:\n%s\ngot:\n%s\n' "$1" "$2"; exit 1; }
}
count() { printf '%s\n' "$@" | LC_ALL=C sort | uniq -c; }
expect "$(count ash ash ash birch willow willow)" "$(run)"
mapfile -t words < <(seq 1 20000)
expect "$(count "${words[@]}")" "$(run "${words[@]}")"
# An output that cannot be written is an error, and nothing hangs.
! run 2>/dev/null >/dev/full
