#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hashes.sh PROGRAM: has a run of these worlds the hash that it has in every build, whatever the
# compiler, the optimisation and the sanitizer?  hashes.sh PROGRAM renew: writes the hashes of this
# build down, after a change of the simulator, of the worlds or of what runs in them; a build of the
# other compiler then says whether they hold.
set -u
program=$1
known=$(dirname "$0")/hashes.txt

# The worlds of the list, each with its hash in this build.
hashes() {
    grep '^#' "$known"
    while read -r world profile seed _; do
        echo "$world $profile $(${WEIR_LAUNCH:-} "$program" "$world" --profile "$profile" \
            --seeds "$seed" --hash | head -n 1)"
    done < <(grep -v '^#' "$known")
}

now=$(hashes)
if [ "${2:-}" = renew ]; then
    echo "$now" >"$known"
elif ! diff "$known" - <<<"$now"; then
    echo "< as recorded  > in this build.  When only this build differs, something in it looks at"
    echo "more than its seed; when a change was meant to differ: $0 $program renew"
    exit 1
fi
