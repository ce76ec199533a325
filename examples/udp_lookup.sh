#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do the two sides of the example understand each other, and is nonsense answered as such?
set -eu
coproc server { exec ${WEIR_LAUNCH:-} "$EXAMPLE" serve 127.0.0.1:0; }
trap 'kill $server_PID 2>/dev/null || true' EXIT
read -r address <&"${server[0]}"

expect() {
    answer=$(${WEIR_LAUNCH:-} "$EXAMPLE" ask "$address" "$1")
    [ "$answer" = "$2" ] || { echo "asked $1, unexpected answer: $answer"; exit 1; }
}
expect port "0 a number that tells programs on one host apart"
expect nothing "1 "
# A long value for a short word is not sent to whoever the sender is said to be.
expect spam "3 "

# A word that is shorter than its length says: status 2, no value.
exec 3<>"/dev/udp/${address%:*}/${address##*:}"
printf '\x01\x09port' >&3
answer=$(head -c 3 <&3 | od -An -tx1)
[ "$answer" = " 02 00 00" ] || { echo "unexpected answer to nonsense: $answer"; exit 1; }
