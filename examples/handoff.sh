#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Is a client that comes between two servers answered by the new one, and is the path free then?
set -eu
directory=$(mktemp -d)
coproc old { exec ${WEIR_LAUNCH:-} "$EXAMPLE" old "$directory"; }
old_id=$old_PID
trap 'kill $old_id 2>/dev/null || true; rm -rf "$directory"' EXIT
read -r -t 60 line <&"${old[0]}"
[ "$line" = "ready" ] || { echo "not ready: $line"; exit 1; }
[ "$(stat -c %a "$directory/greet")" = 600 ] || { echo "others may connect"; exit 1; }
answer=$(${WEIR_LAUNCH:-} "$EXAMPLE" ask "$directory")
[ "$answer" = "old" ] || { echo "unexpected answer: $answer"; exit 1; }
# This client waits in the listener's backlog while nobody accepts.
${WEIR_LAUNCH:-} "$EXAMPLE" ask "$directory" >"$directory/answer" &
asking=$!
${WEIR_LAUNCH:-} "$EXAMPLE" new "$directory"
wait "$asking"
answer=$(cat "$directory/answer")
[ "$answer" = "new" ] || { echo "unexpected answer: $answer"; exit 1; }
wait "$old_id"
[ ! -e "$directory/greet" ] || { echo "the socket file is still there"; exit 1; }
