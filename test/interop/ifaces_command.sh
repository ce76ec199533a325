#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does `weir ifaces` list what ip(8) lists, and tell of changes?
. "$(dirname "$0")/talk_common.bash"
holds help "$(weir ifaces --help)" 'example: '
complains 2 'one word too many' ifaces eth0
weir ifaces >"$work/table" || fail "weir ifaces: $?"
holds titles "$(head -1 "$work/table")" 'NAME'
holds loopback "$(cat "$work/table")" '127.0.0.1/8'

need python3
need ip
# Others may change the interfaces meanwhile: ip(8) has to say the same before and after, but for
# the lifetimes, which run down.
steady() { sed 's/_life_time":[0-9]*//g' "$1"; }
tries=100
while ip -json address show >"$work/ip" || exit 77; do
    weir ifaces --json >"$work/json" || fail "weir ifaces --json: $?"
    ip -json address show >"$work/after" || exit 77
    [ $((tries -= 1)) -gt 0 ] || break
    ! cmp -s <(steady "$work/ip") <(steady "$work/after") || break
done
python3 - "$work/json" "$work/ip" <<'PYTHON' || fail 'ip(8) lists something else'
import json, sys
ours, theirs = (json.load(open(path)) for path in sys.argv[1:])
theirs = {i['ifname']: i for i in theirs}
assert {i['name'] for i in ours} == set(theirs), (ours, theirs)
for one in ours:
    other = theirs[one['name']]
    assert (one['index'], one['mtu']) == (other['ifindex'], other['mtu']), (one, other)
    assert (one['state'] == 'down') == ('UP' not in other['flags']), (one, other)
    addresses = {a['local'] + '/' + str(a['prefixlen'])
                 for a in other['addr_info'] if 'local' in a}
    assert {a.replace('%' + one['name'], '') for a in one['addresses']} == addresses, (one, other)
PYTHON

# Changes, in a network namespace of our own.
# shellcheck disable=SC2016
inside='
    ip link set lo up
    : >"$work/changes"
    ${WEIR_LAUNCH:-} "$WEIR" ifaces --watch --json >"$work/changes" 2>"$work/errors" &
    watching=$!
    until grep -q "^\]" "$work/changes"; do pause; done
    ip address add 192.0.2.9/32 dev lo
    ip address del 192.0.2.9/32 dev lo
    tries=1200
    until grep -q "address-removed.*}" "$work/changes" || [ $((tries -= 1)) = 0 ]; do pause; done
    kill $watching
    wait $watching || true'
export work WEIR
export -f pause
if unshare -rn true 2>/dev/null; then
    unshare -rn bash -c "$inside" || fail 'the part in a namespace'
    for event in address-added address-removed; do
        holds "$event" "$(grep "\"$event\"" "$work/changes")" \
            '"index": 1, "name": "lo", "address": "192.0.2.9/32"'
    done
else
    echo 'changes: skipped, no namespace can be made here'
fi
exit $((failures > 0))
