#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the `weir` program say what it does and what is wrong: help, mistakes, taken ports, signals?
. "$(dirname "$0")/serve_common.bash"
# shellcheck disable=SC2086
weir() { timeout 100 ${WEIR_LAUNCH:-} "$WEIR" "$@"; }
# complains STATUS PART ARGUMENT…: ends with that status and says that on standard error.
complains() {
    local expected=$1 part=$2
    shift 2
    weir "$@" >"$work/out" 2>"$work/complaint"
    same "status of weir $*" $? "$expected"
    holds "weir $*" "$(cat "$work/complaint")" "$part"
}

for command in serve doctor version; do
    holds help "$(weir --help)" "$command"
    holds "help of $command" "$(weir $command --help)" "usage: weir $command"
    holds "help of $command" "$(weir help $command)" 'example: '
done
holds version "$(weir version)" 'weir '
holds version "$(weir --version)" 'weir '
for command in version doctor; do
    json=$(weir $command --json)
    case $json in '{"'*'}') ;; *) fail "not JSON: $json" ;; esac
    if command -v node >/dev/null; then
        node -e 'JSON.parse(process.argv[1])' "$json" || fail "node cannot read: $json"
    fi
done
weir doctor >"$work/out" || fail 'weir doctor finds something bad here'
case $(cat "$work/out") in *$'\033'*) fail 'colour without a terminal' ;; esac

complains 2 'usage: weir'
complains 2 'there is no command "sevre"' sevre
complains 2 'does not know the option --lsiten' serve --lsiten 80
complains 2 '--workers takes a number' serve --workers many
complains 2 '--idle-timeout takes seconds' serve --idle-timeout=-3
complains 2 '--max-body takes a size' serve --max-body=big
complains 2 'needs a value' serve --io
complains 2 'one word too many' serve a b
complains 2 '--log takes off, common or json' serve --log=loud
complains 2 'one of DIR, --hello and --echo' serve --hello --echo
complains 1 '--io takes auto, uring, epoll or threads' serve --io=smoke
complains 1 "cannot serve $work/nosuch: no such file or directory" serve "$work/nosuch"
complains 1 'not a directory' serve "$WEIR"
complains 1 'not a port' serve --hello --listen :70000
complains 1 'not an address' serve --hello --listen example
complains 1 'no interface of this machine' serve --hello --listen 192.0.2.1:80

serve --hello
complains 1 'address already in use (another program listens there' \
    serve --hello --listen "${url#http://}"
# The announcement names what, where and how.
holds announcement "$(cat "$work/errors")" 'serving a fixed text at http://127.0.0.1:'
holds announcement "$(cat "$work/errors")" ' engine, '
holds announcement "$(cat "$work/errors")" 'try  curl -i '
stop
holds drain "$(cat "$work/errors")" 'SIGTERM: finishing open requests'

# A second signal ends at once, though a request is open.
serve --echo --drain-timeout 60
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n' >&3
read -r answer <&3
holds continue "$answer" '100 Continue'
kill -INT "$server"
until grep -q SIGINT "$work/errors"; do read -r -t 0.05 <> <(:) || true; done
kill -INT "$server"
wait "$server"
same 'status after the second signal' $? 130
server=
exec 3>&-
exit $((failures > 0))
