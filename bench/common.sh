# SPDX-License-Identifier: MIT
#
# What the run scripts share: options, servers that are started, watched and always stopped, and
# the rounds.  A script that sources this defines `usage`, `start_SERVER PORT FOLDER` for each of
# its servers (it execs), and calls main.  It may set which load generator measures, what the unit
# is that it counts, and which servers the others are compared to; and it may define
# `run_SERVER SCENARIO FOLDER` for a peer that brings its own load: it prints the line of a load.

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${WEIR_BUILD_DIR:-$bench/../build/release}/bin
rounds=5 seconds=3 connections=64 idle=10000 json=0 wanted=() scenarios=()
server_cpu=0 load_cpu=1
load=load unit=request against=(bare-uring bare-epoll) programs=(load bare_uring bare_epoll)

declare -A pid_of port_of guardian_of reason_of
next_port=$((20000 + RANDOM % 10000))

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

parse_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        -r) rounds=$2 && shift ;;
        -d) seconds=$2 && shift ;;
        -c) connections=$2 && shift ;;
        -n) idle=$2 && shift ;;
        -s) IFS=, read -ra wanted <<<"$2" && shift ;;
        --json) json=1 ;;
        -h | --help) usage && exit ;;
        -*) usage >&2 && exit 2 ;;
        *) scenarios+=("$1") ;;
        esac
        shift
    done
}

# The scripts need a processor for the server and one for the load, and descriptors for both.
prepare() {
    local program
    [ "$(nproc)" -ge 2 ] || fail "needs two processors: one for the server, one for the load"
    for program in "${programs[@]}"; do
        [ -x "$bin/bench_$program" ] || fail "$bin/bench_$program is missing: ./dev bench builds it"
    done
    ulimit -n $((idle + 60000)) 2>/dev/null || ulimit -n "$(ulimit -Hn)"
    if [ "$idle" -gt $(($(ulimit -n) - 200)) ]; then
        idle=$(($(ulimit -n) - 200))
        echo "only $idle idle connections: more descriptors are not allowed here" >&2
    fi
    work=$(mktemp -d)
    trap stop_all EXIT
    trap 'exit 130' INT TERM
}

stop_all() {
    local server
    for server in "${!guardian_of[@]}"; do stop "$server"; done
    rm -rf "$work"
}

# Whether a server listens; scripts for UDP define their own.
is_open() { # port
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The same without a connection.
listens_tcp() { # port
    grep -q "$(printf ':%04X [0-9A-F]*:0000 0A ' "$1")" /proc/net/tcp /proc/net/tcp6
}

is_bound() { # UDP port
    grep -q "$(printf ':%04X ' "$1")" /proc/net/udp
}

# start SERVER: 0 when it accepts connections; else its last words are in reason_of.
start() {
    local server=$1 folder=$work/$1 tries
    mkdir -p "$folder"
    : >"$folder/out"
    if declare -F "run_${server//-/_}" >/dev/null; then return 0; fi
    if ! declare -F "start_${server//-/_}" >/dev/null; then
        reason_of[$server]="there is no such server"
        return 1
    fi
    while is_open $((++next_port)); do :; done
    port_of[$server]=$next_port
    (
        trap - EXIT INT TERM
        "start_${server//-/_}" "$next_port" "$folder"
    ) >"$folder/out" 2>&1 </dev/null &
    guardian_of[$server]=$!
    for ((tries = 0; tries < 200; tries++)); do
        kill -0 "${guardian_of[$server]}" 2>/dev/null || break
        if is_open "$next_port"; then
            pid_of[$server]=$(worker_of "${guardian_of[$server]}")
            return 0
        fi
        sleep 0.02
    done
    reason_of[$server]="did not start: $(tail -n 1 "$folder/out")"
    stop "$server"
    return 1
}

# The process that does the work: the first child of a server that has one, as nginx.
worker_of() {
    local children
    read -ra children <"/proc/$1/task/$1/children" || true
    echo "${children[0]:-$1}"
}

stop() {
    local guardian=${guardian_of[$1]:-}
    [ -n "$guardian" ] || return 0
    unset "guardian_of[$1]"
    kill "$guardian" 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 "$guardian" 2>/dev/null || break
        sleep 0.02
    done
    kill -9 "$guardian" 2>/dev/null || true
    wait "$guardian" 2>/dev/null || true
}

on_server_cpu() { exec taskset -c $server_cpu "$@"; }

# measure SCENARIO SERVER ROUND LOAD_ARGUMENTS...: adds a row, or gives the server up.
measure() {
    local scenario=$1 server=$2 round=$3 mode=$4 result
    shift 4
    if declare -F "run_${server//-/_}" >/dev/null; then
        result=$("run_${server//-/_}" "$scenario" "$work/$server" 2>"$work/$server/load")
    else
        result=$(taskset -c $load_cpu "$bin/bench_$load" "$mode" "${port_of[$server]}" "$@" \
            -P "${pid_of[$server]}" 2>"$work/$server/load")
    fi
    if [ -n "$result" ]; then
        printf '%s\t%s\t%s\t%s\n' "$scenario" "$server" "$round" "$result" >>"$work/rows"
    else
        reason_of[$server]="$scenario: $(tail -qn 1 "$work/$server"/{load,out} | paste -sd ' ')"
        return 1
    fi
}

# in_rounds SCENARIO LOAD_ARGUMENTS...: A B C, A B C, ... on servers that stay up meanwhile.
in_rounds() {
    local scenario=$1 round server up=() left
    shift
    for server in "${wanted[@]}"; do
        [ -n "${reason_of[$server]:-}" ] && continue
        start "$server" && up+=("$server")
    done
    for ((round = 1; round <= rounds; round++)); do
        left=()
        for server in "${up[@]}"; do
            say "$scenario, round $round of $rounds: $server"
            measure "$scenario" "$server" "$round" "$@" && left+=("$server")
        done
        up=("${left[@]}")
    done
    for server in "${up[@]}"; do stop "$server"; done
}

# idle_rounds: each measure on a fresh server, because freed memory stays resident.
idle_rounds() {
    local round server
    for ((round = 1; round <= (rounds < 3 ? rounds : 3); round++)); do
        for server in "${wanted[@]}"; do
            [ -n "${reason_of[$server]:-}" ] && continue
            say "idle, round $round: $server"
            start "$server" && measure idle "$server" "$round" idle -c "$idle"
            stop "$server"
        done
    done
}

say() {
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

machine() {
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    echo "${model:-$(uname -m)}, $(nproc) processors, $(uname -sr)"
}

report() {
    local server
    say ""
    for server in "${wanted[@]}"; do
        [ -z "${reason_of[$server]:-}" ] ||
            printf 'failed\t%s\t0\t%s\n' "$server" "${reason_of[$server]//\"/}" >>"$work/rows"
    done
    awk -v json="$json" -v machine="$(machine)" -v order="${wanted[*]}" -v rounds="$rounds" \
        -v seconds="$seconds" -v unit="$unit" -v against="${against[*]}" -v title="$1" \
        -f "$bench/report.awk" "$work/rows"
}
