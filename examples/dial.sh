#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the address win that takes connections, and is it told why the others, or all, did not?
set -eu
dial() { ${WEIR_LAUNCH:-} "$EXAMPLE" "$@"; }

got=$(dial)
[[ $got == "here.localhost:"*": connected to 127.0.0.1:"* ]] || { echo "unexpected: $got"; exit 1; }

# Port 1 has no service on any machine of today.
got=$(dial nobody.localhost:1) && { echo "port 1 took a connection"; exit 1; }
[[ $got == *"tried in vain: "*"127.0.0.1:1: "* ]] || { echo "unexpected: $got"; exit 1; }

# A name that is never asked for (RFC 6761).
got=$(dial nothing.invalid:80) && { echo "there is no .invalid"; exit 1; }
[[ $got == "nothing.invalid:80: "* && $got != *vain* ]] || { echo "unexpected: $got"; exit 1; }
