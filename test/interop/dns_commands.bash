# SPDX-License-Identifier: MIT
#
# The words of the transcripts dns_*.txt, and the masks over what differs from run to run; sourced
# by dns_commands.c, which sets $SERVER, $NOBODY and $FILES.
unset RES_OPTIONS
set -o pipefail

# shellcheck disable=SC2086
weir() { timeout 60 ${WEIR_LAUNCH:-} "$WEIR_BUILD_DIR/bin/weir" "$@"; }

resolve() {
    weir resolve --resolv-conf "$FILES/resolv.conf" --hosts "$FILES/hosts" \
        --nsswitch "$FILES/nsswitch.conf" --server "$SERVER" "$@"
}

mask() {
    sed -E -e "s/$SERVER/SERVER/g" -e "s/$NOBODY/NOBODY/g" -e "s|$FILES|FILES|g" \
        -e 's/(SERVER) +OVER/\1  OVER/' -e 's/ +[0-9]+\.[0-9] ms/  T/g' \
        -e 's/within [0-9.]+ m?s/within T/' -e 's/^(;; Query time:) .*/\1 T/' \
        -e 's/^(;; WHEN:) .*/\1 T/' -e 's/_ms":[0-9.]+/_ms":T/g' \
        -e 's/id: [0-9]+/id: N/' -e 's/"id":[0-9]+/"id":N/'
}
