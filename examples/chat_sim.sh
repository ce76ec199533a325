#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the chat keep its promises in every world, the same for the same seed, and is the planted
# mistake found, and found again by the command that is told?
set -eu
sim() { ${WEIR_LAUNCH:-} "$EXAMPLE" "$@"; }
for profile in calm lossy hostile; do
    sim chat --seeds 1..100 --profile "$profile"
    sim chat-cut --seeds 1..30 --profile "$profile"
done
[ "$(sim chat --seeds 1..20 --hash)" = "$(sim chat --seeds 1..20 --hash)" ]
! found=$(sim chat-planted --profile lossy --seeds 1..20) || exit 1
echo "$found"
read -r -a again <<<"$(sed -n 's/^repeat: //p' <<<"$found")"
! again=$(sim "${again[@]}") || exit 1
[ "$(sed -n 's/^seed //p' <<<"$found")" = "$(sed -n 's/^seed //p' <<<"$again")" ]
