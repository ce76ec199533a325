#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the example send back what it gets?  Starts it on a free port and talks to it.
set -eu
coproc server { exec ${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0; }
trap 'kill $server_PID 2>/dev/null || true' EXIT
read -r address <&"${server[0]}"
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
echo "straight-line code" >&3
read -r -t 60 answer <&3
[ "$answer" = "straight-line code" ] || { echo "unexpected answer: $answer"; exit 1; }
