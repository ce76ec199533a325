#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the server answer, ask into the silence, and close when it lasts?
set -eu
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
# connect MILLISECONDS: to a server that has so much patience.
connect() {
    exec 4< <(exec ${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0 "$1")
    pids+=($!)
    read -r address <&4
    exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
}
expect() {
    read -r -t 60 answer <&3 || { echo "nothing came instead of: $1"; exit 1; }
    [ "$answer" = "$1" ] || { echo "unexpected answer: $answer"; exit 1; }
}

# Nobody knows how soon a busy machine lets us speak: who speaks meets a patient server.
connect 1000000
echo "hello" >&3
expect "hello"
connect 100
expect "still there?"
expect "goodbye"
ended=0
read -r -t 60 answer <&3 || ended=$?
[ $ended = 1 ] || { echo "the connection is still open"; exit 1; }
