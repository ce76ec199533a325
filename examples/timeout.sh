#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the deadline cut the three steps short and say where it was set, and does a long one not?
set -eu
# A machine that lets the client wait for longer than the answer takes has both at once.
for _ in {1..50}; do
    short=$(${WEIR_LAUNCH:-} "$EXAMPLE" 20)
    [ "$short" = forty-two ] || break
done
[[ $short == "no answer: deadline of 20 ms set at "*"timeout.c:"*" passed" ]] ||
    { echo "unexpected: $short"; exit 1; }
long=$(${WEIR_LAUNCH:-} "$EXAMPLE" 60000)
[ "$long" = forty-two ] || { echo "unexpected: $long"; exit 1; }
