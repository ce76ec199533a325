#!/bin/bash
# SPDX-License-Identifier: MIT
#
# planted.sh PROGRAM [SEEDS [PROFILE]]: do the worlds find the mistakes that are planted in them,
# within 200 seeds and for what they are?  A world without one has to pass SEEDS of them (200).
set -u
program=$1
seeds=${2:-200}
profile=${3:-lossy}
failed=0
planted=0
# Most mistakes are found by the first seeds; each seed that fails costs much more than one that
# passes.
while read -r name words; do
    ranges=(1..5 6..30 31..200)
    [[ $words == *' 0 failed' ]] && words=" $words" ranges=("1..$seeds")
    planted=$((planted + 1))
    found=
    for range in "${ranges[@]}"; do
        found+=$(${WEIR_LAUNCH:-} "$program" "$name" --profile "$profile" --seeds "$range")$'\n'
        grep -qF "$words" <<<"$found" && break
    done
    if grep -qF "$words" <<<"$found"; then
        grep -E ' seeds, |^seed ' <<<"$found"
    else
        printf '%s: not found: %s\n%s\n' "$name" "$words" "$found"
        failed=1
    fi
done < <("$program")
[ $failed = 0 ] && [ $planted -gt 1 ]
