#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do all leaves end with the reason, then their branches, then the root?
set -eu
coproc tree { exec ${WEIR_LAUNCH:-} "$EXAMPLE"; }
tree_process=$tree_PID
trap 'kill -9 $tree_process 2>/dev/null || true' EXIT
exec 3<&"${tree[0]}"
read -r -t 60 line <&3
[ "$line" = running ]
kill -INT $tree_process
said=$(timeout 100 cat <&3)
[ "$(grep -c "canceled: asked by a signal (scope of .*) after whole pieces" <<<"$said")" = 6 ]
[ "$(grep -c ": ended" <<<"$said")" = 2 ]
[ "$(tail -n 1 <<<"$said")" = "root: all have ended" ]
