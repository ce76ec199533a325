#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the example pass bytes on, tell half closes, and close what finds no backend?
set -eu
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
await() { until [ -s "$1" ]; do sleep 0.05; done; }
${WEIR_LAUNCH:-} "${EXAMPLE%forward}echo" 127.0.0.1:0 >"$work/backend" &
echo_pid=$!
await "$work/backend"
read -r backend <"$work/backend"
${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0 "backend.localhost:${backend##*:}" >"$work/out" 2>&1 &
await "$work/out"
read -r address <"$work/out"
head -c 300000 /dev/urandom >"$work/sent"
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
cat "$work/sent" >&3 &
head -c 300000 <&3 | cmp - "$work/sent"
exec 3>&-
# Nobody listens where the backend was: the client is told by the end of its connection.  The kernel
# may take a moment to close what io_uring had open.
kill "$echo_pid"
wait "$echo_pid" 2>/dev/null || true
for _ in {1..1000}; do
    exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
    ! read -r -t 60 -u 3 line 2>/dev/null
    ! grep -q "refused" "$work/out" || exit 0
    sleep 0.05
done
cat "$work/out"
exit 1
