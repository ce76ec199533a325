#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the example answer?  Starts it on a free port and fetches a page.
set -eu
command -v curl >/dev/null || { echo "curl is not installed: skipped"; exit 77; }
coproc server { exec ${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0; }
trap 'kill $server_PID 2>/dev/null || true' EXIT
read -r url <&"${server[0]}"
answer=$(curl -sS --max-time 60 "$url")
[ "$answer" = "Hello, World!" ] || { echo "unexpected answer: $answer"; exit 1; }
