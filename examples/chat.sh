#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does what one says reach the others, once and in order; does one that reads nothing hold nobody
# up; does a signal say goodbye?
set -eu
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0 >"$work/out" &
server=$!
until [ -s "$work/out" ]; do sleep 0.05; done
read -r address <"$work/out"
die() {
    echo "$*"
    exit 1
}
expect() { # FD LINE: the next one that it says
    read -r -t 60 -u "$1" line || die "nothing came instead of: $2"
    [ "$line" = "$2" ] || die "instead of \"$2\" came: $line"
}
tcp=/dev/tcp/${address%:*}/${address##*:}
exec 3<>"$tcp"
echo ann >&3
expect 3 "* welcome"
coproc bob { exec socat - "TCP:$address,nodelay"; }
echo bob >&"${bob[1]}"
expect "${bob[0]}" "* welcome"
expect 3 "* bob is here"
echo "good morning" >&"${bob[1]}"
expect 3 "bob: good morning"
exec 4<>"$tcp"
echo sloth >&4
expect 3 "* sloth is here"
expect "${bob[0]}" "* sloth is here"

# The sloth never reads, and is sent away when its queue is full.
text=$(head -c 250 /dev/zero | tr '\0' x)
burst=$(for _ in {1..50}; do echo "$text"; done)
heard=0
while [ "$line" != "* sloth has left" ]; do
    printf '%s\n/who\n' "$burst" >&"${bob[1]}"
    head -c $((50 * 256)) <&3 >>"$work/heard"
    heard=$((heard + 50))
    read -r -t 60 -u "${bob[0]}" line || die "bob is held up"
done
expect "${bob[0]}" "* 2 are here"
head -c 17 <&3 >>"$work/heard"
[ "$(grep -cx "bob: $text" "$work/heard")" = $heard ] || die "ann has not heard all"
[ "$(grep -vx "bob: $text" "$work/heard")" = "* sloth has left" ] || die "ann has heard more"
echo /quit >&"${bob[1]}"
expect "${bob[0]}" "* goodbye"
expect 3 "* bob has left"
kill -INT $server
expect 3 "* goodbye"
! read -r -t 60 -u 3 line || die "after the goodbye came: $line"
wait $server
