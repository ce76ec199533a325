#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Are names that need no server answered, and the others refused with their reason?
set -eu
resolve() { ${WEIR_LAUNCH:-} "$EXAMPLE" "$@"; }

expected="localhost, from the special name:
    127.0.0.1
192.0.2.1, from the address itself:
    192.0.2.1
_x._tcp.nothing.invalid: no such name (no server was asked)
www.onion: this name is not looked up in DNS (no server was asked)"
got=$(resolve localhost 192.0.2.1 _x._tcp.nothing.invalid www.onion | grep -v ::1)
[ "$got" = "$expected" ] || { echo "unexpected: $got"; exit 1; }
