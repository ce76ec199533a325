# SPDX-License-Identifier: MIT
#
# What the tests of weir echo, listen, talk and ifaces share; sourced by them.
. "$(dirname "${BASH_SOURCE[0]}")/serve_common.bash"
launch=()
: >"$work/errors"
# shellcheck disable=SC2086
weir() { timeout 100 ${WEIR_LAUNCH:-} "$WEIR" "$@"; }

# begin NAME ARGUMENT…: starts weir, by ${launch[@]}, with its input from the file $input, its output in
# NAME.out and NAME.err; sets $pid.
begin() {
    local name=$work/$1
    shift
    : >"$name.out" >"$name.err"
    # shellcheck disable=SC2086
    "${launch[@]}" ${WEIR_LAUNCH:-} "$WEIR" "$@" <"${input:-/dev/null}" >"$name.out" 2>"$name.err" &
    pid=$!
}

pause() { read -r -t 0.05 <> <(:) || true; }

# await FILE PATTERN: waits until a line of the file matches, and prints the match.
await() {
    local left=1200
    until grep -aom1 -e "$2" "$work/$1"; do
        left=$((left - 1))
        [ $left -gt 0 ] || { fail "no \"$2\" in $1: $(cat "$work/$1")" >&2; return 1; }
        pause
    done
}

# hold FILE OUT LIKE: gives FILE, and ends when OUT has become as large as LIKE: who sends it need not
# guess how long the answer may take.
hold() {
    local left=1200 size
    size=$(wc -c <"$3")
    cat "$1"
    until [ "$(wc -c <"$2")" -ge "$size" ] || [ $((left -= 1)) = 0 ]; do pause; done
}

# ask FILE ADDRESS: sends the file as one message by socat; the answer is in $work/answer.
ask() {
    : >"$work/answer"
    hold "$1" "$work/answer" "$1" | timeout 100 socat -t 0 - "$2" >>"$work/answer"
}

# ends PID STATUS WHAT: the process ends by itself, with that status.
ends() {
    local status
    wait "$1"
    status=$?
    same "status of $3" $status "$2"
}

# alike WHAT FILE FILE
alike() {
    cmp -s "$2" "$3" || fail "$1: $(cmp "$2" "$3" 2>&1) ($(wc -c <"$2"), $(wc -c <"$3") bytes)"
}

# complains STATUS PART ARGUMENT…: ends with that status and says that on standard error.
complains() {
    local expected=$1 part=$2
    shift 2
    weir "$@" >"$work/out" 2>"$work/complaint" </dev/null
    same "status of weir $*" $? "$expected"
    holds "weir $*" "$(cat "$work/complaint")" "$part"
}

# The port of the first address in a file of messages or events.
port_in() { await "$1" '127\.0\.0\.1:[0-9]*' | sed 's/.*://'; }

have_ipv6() { [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6; }

# over FD WHAT: the peer has ended the connection; that it is silent is not enough.
over() {
    read -r -t 60 -u "$1" line
    same "$2: status of the read" $? 1
}

# The field of the last event of a name: event_field FILE EVENT FIELD
event_field() {
    grep -a "^{\"event\":\"$2\"" "$work/$1" | tail -1 | sed 's/.*"'"$3"'":"\?\([^,"}]*\).*/\1/'
}

# The number of a process that has ended may be another's, or a thread's of one of ten thousand.
end_all() {
    for pid in $(jobs -pr); do kill "$pid" 2>/dev/null; done
    finish
}
trap end_all EXIT
