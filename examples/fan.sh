#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does every number go out, and every prime come back, once?
set -eu
[ "$(${WEIR_LAUNCH:-} "$EXAMPLE")" = "46 primes below 200, sum 4227" ]
[ "$(${WEIR_LAUNCH:-} "$EXAMPLE" 10000 7)" = "1229 primes below 10000, sum 5736396" ]
[ "$(${WEIR_LAUNCH:-} "$EXAMPLE" 100 1)" = "25 primes below 100, sum 1060" ]
