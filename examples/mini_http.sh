#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does the example answer what is well, refuse what is not with the right status, and end a client
# that is slow?  Do answers arrive although bytes of the request are unread?
set -eu
command -v curl >/dev/null || { echo "curl is not installed: skipped"; exit 77; }
fail() { echo "$*"; exit 1; }

# start MILLISECONDS: the example, with that time for a head, at $address.
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
start() {
    exec 4< <(exec ${WEIR_LAUNCH:-} "$EXAMPLE" 127.0.0.1:0 "$1")
    pids+=($!)
    read -r address <&4
}

# fetch STATUS WHAT ARGS...: curl gets that status.
fetch() {
    local got
    got=$(curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "${@:3}") || fail "$2: curl failed"
    [ "$got" = "$1" ] || fail "$2: $got, not $1"
}

# send STATUS WHAT BYTES: bytes, in the escapes of printf, get that status and no second one, though
# the client might go on.
send() {
    local line=
    exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
    (trap '' PIPE && printf '%b' "$3" >&3) || true # it may have ended us already
    read -r -t 60 line <&3 || true
    [ "${line:0:13}" = "HTTP/1.1 $1 " ] || fail "$2: '$line', not $1"
    ! grep -aq "^HTTP/" <&3 || fail "$2: a second answer"
    exec 3>&-
}

start 30000
[ "$(curl -sS --max-time 60 "http://$address/")" = "Hello, World!" ] || fail "no greeting"
[[ $(curl -sS --max-time 60 "http://$address/you?again") == 127.0.0.1:* ]] || fail "no address"
head=$(curl -sSI --max-time 60 "http://$address/")
[[ $head == "HTTP/1.1 200 OK"*"Connection: close"*"Content-Length: 14"* ]] || fail "HEAD: $head"
fetch 404 "another path" "http://$address/here"
fetch 405 "a form" -d "a=b" "http://$address/"
[[ $(curl -sSi -X DELETE "http://$address/") == *"Allow: GET, HEAD"* ]] || fail "no Allow"
fetch 413 "a body" -X GET -d "a=b" "http://$address/"
head -c 300000 /dev/zero | fetch 413 "a long body in chunks" -X GET -T - "http://$address/"
fetch 414 "a long target" "http://$address/$(printf '%01100d' 0)"
fetch 431 "a long field" -H "A: $(printf '%03040d' 0)" "http://$address/"
mapfile -t many < <(printf -- '-HA%d: b\n' {1..32})
fetch 431 "many fields" "${many[@]}" "http://$address/"

exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
printf 'HEAD / HTTP/1.0\r\n\r\n' >&3
! grep -aq "Hello" <&3 || fail "HEAD has content"

send 200 "the absolute form" 'GET http://a HTTP/1.1\r\nHost: a\r\n\r\n'
send 200 "two requests" 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'
longest='\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n'"GET /?$(printf '%01007d' 0)"' HTTP/1.1\r\nHost: a\r\n'
send 200 "a head of 4096 bytes" "${longest}A: $(printf '%03040d' 0)"'\r\n\r\n'
send 431 "a head of 4097 bytes" "${longest}A: $(printf '%03041d' 0)"'\r\n\r\n'
send 400 "garbage" '\x16\x03\x01\x00'
send 400 "no Host" 'GET / HTTP/1.1\r\n\r\n'
both='Content-Length: 0\r\nTransfer-Encoding: chunked\r\n'
send 400 "two framings" 'GET / HTTP/1.1\r\nHost: a\r\n'"$both"'\r\n'
send 505 "another version" 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'

start 200
send 408 "a client that stops" 'GET / HTTP/1.1\r\nHost: '
