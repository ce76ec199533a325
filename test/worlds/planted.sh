#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do the worlds find the mistakes that are planted in them, within 200 seeds and for what they are?
# A world without one has to pass.
set -u
program=$1
failed=0
planted=0
while read -r name words; do
    [ "$name" = none ] && words=" $words"
    planted=$((planted + 1))
    found=$(${WEIR_LAUNCH:-} "$program" "$name" --profile "${2:-lossy}" --seeds 1..200)
    if grep -qF "$words" <<<"$found"; then
        grep -E ' seeds, |^seed ' <<<"$found"
    else
        printf '%s: not found: %s\n%s\n' "$name" "$words" "$found"
        failed=1
    fi
done < <("$program")
[ $failed = 0 ] && [ $planted -gt 1 ]
