#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does `weir addr` explain addresses and prefixes, agree with python's ipaddress on the classes, and
# point at the byte that is wrong?
set -u
WEIR=${WEIR:-build/release/bin/weir}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
# shellcheck disable=SC2086
weir() { timeout 100 ${WEIR_LAUNCH:-} "$WEIR" "$@"; }
fail() { echo "FAILED: $*" >&2; failures=$((failures + 1)); }

# says PART TEXT: the explanation of a text has the line PART, blanks aside.
says() {
    weir addr "$2" | tr -s ' ' | sed 's/^ //' | grep -qxF "$1" || fail "weir addr $2 says not: $1"
}
# points COLUMNS PART TEXT: refused, with the caret after that many columns.
points() {
    weir addr "$3" >"$work/out" 2>"$work/complaint" && fail "weir addr $3 is taken"
    grep -qF "$2" "$work/complaint" || fail "weir addr $3 says not: $2"
    [ "$(tail -1 "$work/complaint")" = "  $(printf '%*s' "$1" '')^" ] ||
        fail "weir addr $3 points elsewhere: $(cat "$work/complaint")"
}

says 'ipv4 127.0.0.1' 64:ff9b::7f00:1
says 'public no' 64:ff9b::7f00:1
says 'why_not 127.0.0.1 is in 127.0.0.0/8 (Loopback)' ::ffff:127.0.0.1
says 'class private' fd00::1
says 'u32 3232235777' 192.168.1.1
says 'mapped ::ffff:192.168.1.1' 192.168.1.1
says 'reverse 1.1.168.192.in-addr.arpa' 192.168.1.1
says 'port 443' '[2001:DB8:0::1]:443'
says 'address 2001:db8::1' '[2001:DB8:0::1]:443'
says 'zone_name eth0' fe80::1%eth0
says 'scope site-local' ff05::2
says 'last 10.15.255.255' 10.1.2.3/12
says 'count 1048576' 10.1.2.3/12
says 'count 2^96' 2001:db8::/32
says 'class documentation' 2001:db8::/33
says 'kind abstract name' unix:@x
points 6 'leading zero' 192.0.02.1
points 10 'a length above 32' 192.0.2.0/33
points 9 'a length is missing' 10.0.0.0/
weir addr >"$work/out" 2>&1
[ $? = 2 ] || fail 'no address is no usage error'

if command -v python3 >/dev/null; then
    weir addr --json 8.8.8.8 10.0.0.1 bad 2001:db8::1 fe80::1%2 ff02::1 192.0.2.0/24 \
        2001:0:4136:e378:8000:63bf:3fff:fdd2 ::1 100::1 unix:/x >"$work/json"
    [ $? = 1 ] || fail 'a bad text among good ones does not fail'
    weir addr --json "$(printf '%05000d' 1)" >"$work/long"
    python3 -m json.tool <"$work/long" >"$work/out" || fail 'a long text makes no JSON'
    python3 - "$work/json" <<'PYTHON' || fail 'python disagrees'
import ipaddress, json, sys
for fact in json.load(open(sys.argv[1])):
    if fact['text'] == 'bad':
        assert fact['offset'] == 0 and fact['error'], fact
    elif 'prefix' in fact:
        net = ipaddress.ip_network(fact['prefix'])
        assert str(net.network_address) == fact['network'] and net.num_addresses == fact['count']
    elif fact['family'] != 'Unix':
        ip = ipaddress.ip_address(fact['address'].split('%')[0])
        assert str(ip) == fact['address'].split('%')[0], fact
        assert ip.reverse_pointer == fact['reverse'] and int(ip) == int(fact['hex'], 16), fact
        for name in 'loopback', 'multicast', 'link_local':
            assert getattr(ip, 'is_' + name) == (fact['class'] == name.replace('_', '-')), fact
PYTHON
fi
exit $((failures > 0))
