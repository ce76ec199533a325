#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does `weir resolve` put addresses in the order of the C library (RFC 6724), and say by which rule?
# In a network of its own, where it is known from which address packets come.
. "$(dirname "$0")/talk_common.bash"
need ip
need getent
if ! unshare -rnm true 2>/dev/null; then
    echo 'skipped: no namespace can be made here'
    exit 77
fi
cat >"$work/hosts" <<'HOSTS'
203.0.113.1        all
192.0.2.1          all local
127.0.0.5          all
2002:cb00:7101::1  all
2001:db8:0:8000::1 all
2001:db8::1        all
::1                all
fd00::1            local
HOSTS
# Of fc00::/7 the C library knows what RFC 3484 said: "local" is not for it.
cat >"$work/expected" <<'EXPECTED'
addresses    ::1                 from ::1          rule 6: precedence 50 over 40
             2001:db8::1         from 2001:db8::9  rule 9: 64 bits as its source, the next 48
             2001:db8:0:8000::1  from 2001:db8::9  rule 6: precedence 40 over 35
             127.0.0.5           from 127.0.0.1    rule 8: scope link-local before global
             192.0.2.1           from 192.0.2.9    rule 5: the label of its source, 4
             2002:cb00:7101::1   from 2001:db8::9  rule 1: the next has no route
             203.0.113.1         no route
addresses    192.0.2.1  from 192.0.2.9  rule 6: precedence 35 over 3
             fd00::1    from fd00::9
EXPECTED

# shellcheck disable=SC2016
inside='
    ip link set lo up && ip address add 192.0.2.9/24 dev lo &&
    ip -6 address add 2001:db8::9/64 dev lo nodad && ip -6 address add fd00::9/64 dev lo nodad &&
    ip -6 route add 2002::/16 dev lo && ip -6 route add 2001:db8::/32 dev lo &&
    mount --bind "$work/hosts" /etc/hosts || exit 77
    getent ahosts all | sed -n "s/ *STREAM.*//p" >"$work/theirs"
    echo "hosts: files" >"$work/nsswitch"
    for name in all local; do
        ${WEIR_LAUNCH:-} "$WEIR" resolve $name --nsswitch "$work/nsswitch" --resolv-conf "" ||
            exit 1
    done >"$work/said"
    ${WEIR_LAUNCH:-} "$WEIR" resolve all --libc >"$work/libc"
    ${WEIR_LAUNCH:-} "$WEIR" resolve local --libc >>"$work/libc"'
export work WEIR
unshare -rnm bash -c "$inside"
case $? in
0) ;;
77) echo 'skipped: the namespace takes no addresses' && exit 77 ;;
*) fail "in the namespace: $(cat "$work/said")" ;;
esac
grep -A 6 '^addresses' "$work/said" | grep -v -e '^[^a ]' -e '^canonical' >"$work/ours"
alike 'addresses and reasons' "$work/ours" "$work/expected" || cat "$work/ours"
head -7 "$work/expected" | cut -c14- | sed 's/ .*//' >"$work/order"
alike 'the order of the C library' "$work/theirs" "$work/order"
same 'the C library by weir' "$(grep '^C library' "$work/libc")" \
    "$(printf 'C library    %s\n' 'the same' 'fd00::1, 192.0.2.1')"
exit $((failures > 0))
