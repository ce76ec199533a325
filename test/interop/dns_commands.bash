# SPDX-License-Identifier: MIT
#
# The words of the transcripts dns_*.txt, and the masks over what differs from run to run; sourced
# by dns_commands.c, which sets $SERVER, $NOBODY and $FILES.
unset RES_OPTIONS
set -o pipefail

# The system's configuration may ask differently; $FILES/resolv.conf gives a busy server its time.
# shellcheck disable=SC2086
weir() {
    case $1 in
    dig) set -- "$1" --resolv-conf "$FILES/resolv.conf" "${@:2}" ;;
    talk) set -- "$1" --resolv-conf "$FILES/resolv.conf" --hosts "$FILES/hosts" "${@:2}" ;;
    esac
    timeout 100 ${WEIR_LAUNCH:-} "$WEIR_BUILD_DIR/bin/weir" "$@"
}

asking=(--resolv-conf "$FILES/resolv.conf" --hosts "$FILES/hosts"
    --nsswitch "$FILES/nsswitch.conf" --server "$SERVER")
resolve() { weir resolve "${asking[@]}" "$@"; }
talk() { weir talk "${asking[@]}" "$@"; }

# hears ADDRESS NAME ARGUMENT…: says hello to `weir listen` at ADDRESS by NAME, with a port that it
# took; then what it heard.
hears() {
    local line port status
    coproc weir listen "$1:0" --json --timeout 90 2>&1 <<<'nice to meet you'
    exec {listener}<&"${COPROC[0]}" # the coprocess closes its own when it ends
    read -r line <&"$listener"
    port=$(sed 's/.*:\([0-9]*\)".*/\1/' <<<"${line%%,\"transport*}")
    echo hello | talk "$2:$port" "${@:3}" 2>&1 | sed "s/:$port/:PORT/g"
    status=$?
    grep -v '^{' <&"$listener" | sed 's/^/heard: /'
    return $status
}

mask() {
    sed -E -e "s/$SERVER/SERVER/g" -e "s/$NOBODY/NOBODY/g" -e "s|$FILES|FILES|g" \
        -e 's/(SERVER) +OVER/\1  OVER/' -e 's/ +[0-9]+\.[0-9] ms/  T/g' \
        -e 's/within [0-9.]+ m?s/within T/g' \
        -e 's/(SERVER did not answer within T); \1 /\1 (2 times) /' \
        -e 's/^(;; Query time:) .*/\1 T/' \
        -e 's/^(;; WHEN:) .*/\1 T/' -e 's/_ms":[0-9.]+/_ms":T/g' \
        -e 's/id: [0-9]+/id: N/' -e 's/"id":[0-9]+/"id":N/'
}
