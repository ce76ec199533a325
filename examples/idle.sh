#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the server answer, ask into the silence, and close when it lasts?
set -eu
coproc server { exec ${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0 200; }
trap 'kill $server_PID 2>/dev/null || true' EXIT
read -r address <&"${server[0]}"
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
echo "hello" >&3
for expected in "hello" "still there?" "goodbye"; do
    read -r -t 10 answer <&3
    [ "$answer" = "$expected" ] || { echo "unexpected answer: $answer"; exit 1; }
done
read -r -t 10 answer <&3 && { echo "the connection is still open"; exit 1; }
exit 0
