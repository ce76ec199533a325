# SPDX-License-Identifier: MIT
#
# What the serve_*.sh tests share; sourced by them.
set -u
WEIR=${WEIR:-build/release/bin/weir}
work=$(mktemp -d)
failures=0
server=

# An emulator of another processor may lack what a kernel of this age has (openat2, io_uring).
# shellcheck disable=SC2086
version=$(${WEIR_LAUNCH:-} "$WEIR" version) || { echo "$WEIR does not run"; rm -rf "$work"; exit 1; }
# shellcheck disable=SC2086
case $version in
*"($(uname -m),"*) ;;
*)
    ${WEIR_LAUNCH:-} "$WEIR" doctor >"$work/doctor" || {
        echo "skipped: emulated, and the emulator lacks something:"
        grep -v '^  ok' "$work/doctor"
        rm -rf "$work"
        exit 77
    }
    ;;
esac

# serve ARGUMENT…: starts `weir serve` on a free port and sets $url.
serve() {
    : >"$work/errors"
    # shellcheck disable=SC2086
    ${WEIR_LAUNCH:-} "$WEIR" serve "$@" --listen 127.0.0.1:0 >"$work/log" 2>"$work/errors" &
    server=$!
    until url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$work/errors"); do
        kill -0 $server 2>/dev/null || { cat "$work/errors"; exit 1; }
        read -r -t 0.05 <> <(:) || true
    done
}

# stop: ends the server gently; its exit status must be 0.
stop() {
    kill -TERM "$server" 2>/dev/null
    wait "$server" || {
        fail "the server ended with $?"
        cat "$work/errors"
    }
    server=
}

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# same WHAT IS EXPECTED
same() {
    [ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# holds WHAT TEXT PART: the text has that part.
holds() {
    case $2 in *"$3"*) ;; *) fail "$1: '$3' is not in: $2" ;; esac
}

finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ $failures = 0 ] || tail -n 40 "$work/errors"
    rm -rf "$work"
}
trap finish EXIT

need() {
    command -v "$1" >/dev/null || { echo "$1 is not installed: skipped"; exit 77; }
}
