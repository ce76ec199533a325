#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do `weir listen` and `weir talk` carry bytes both ways, to their ends, with socat, netcat and each
# other, over every transport; and do they say what goes wrong?
. "$(dirname "$0")/talk_common.bash"
need socat
need nc
need python3
head -c 10485760 /dev/urandom >"$work/there"
head -c 10485760 /dev/urandom >"$work/back"
printf 'Hello, World!\n\0\377abcdefgh' >"$work/small"
echo ping >"$work/ping"

# python PROGRAM ARGUMENT…: a peer with a mind of its own; `s` is connected to the port given first.
python() {
    local program=$1
    shift
    timeout 100 python3 -c "
import socket, struct, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60)
$program" "$@"
}

for engine in uring epoll threads; do
    echo "engine: $engine"
    name=weir-test-$$-$RANDOM-$engine

    # 10 MiB both ways at once.
    input=$work/there begin l listen localhost:0 --io $engine
    port=$(port_in l.err)
    timeout 100 socat -t 60 - "TCP:127.0.0.1:$port" <"$work/back" >"$work/answer"
    ends $pid 0 'listen, socat'
    alike 'listen to socat' "$work/answer" "$work/there"
    alike 'socat to listen' "$work/l.out" "$work/back"
    input=$work/there begin l listen "unix:$work/s" --io $engine
    await l.err listening >/dev/null
    weir talk "unix:$work/s" --io $engine <"$work/back" >"$work/answer" || fail "talk: $?"
    ends $pid 0 'listen, talk, Unix'
    alike 'listen to talk, Unix' "$work/answer" "$work/there"
    alike 'talk to listen, Unix' "$work/l.out" "$work/back"
    [ -e "$work/s" ] && fail 'the socket file is left'
    timeout 100 socat -t 60 "ABSTRACT-LISTEN:$name" - <"$work/there" >"$work/answer" &
    peer=$!
    # Bound is not enough: the flag says that it listens.
    until grep -q " 00010000 .* @$name\$" /proc/net/unix; do pause; done
    weir talk "unix:@$name" --io $engine <"$work/back" >"$work/out" || fail "talk, abstract: $?"
    wait $peer
    alike 'socat to talk, abstract' "$work/out" "$work/there"
    alike 'talk to socat, abstract' "$work/answer" "$work/back"
    if have_ipv6; then
        begin l listen '[::1]:0' --io $engine
        port=$(await l.err '::1\]:[0-9]*' | sed 's/.*://')
        weir talk "[::1]:$port" --io $engine <"$work/there" || fail "talk, IPv6: $?"
        ends $pid 0 'listen, IPv6'
        alike 'talk to listen, IPv6' "$work/l.out" "$work/there"
    fi

    # Half close: the peer answers when it has read to our end.
    # What a program in the background empties, it may empty only after the first look at it.
    : >"$work/socat.err" >"$work/peer"
    timeout 100 socat -d -d -t 60 TCP-LISTEN:0,bind=127.0.0.1 SYSTEM:sha256sum 2>"$work/socat.err" &
    peer=$!
    port=$(port_in socat.err)
    sum=$(weir talk "127.0.0.1:$port" --io $engine <"$work/there") || fail "talk, half close: $?"
    same 'digest by the peer' "$sum" "$(sha256sum <"$work/there")"
    wait $peer
    # Half close the other way: the peer ends first, and then reads what we still have to say.
    mkfifo "$work/late"
    : >"$work/l.out" >"$work/l.err" # the listener below empties them only later
    (
        input=$work/late begin l listen 127.0.0.1:0 --io $engine
        wait "$pid"
        echo $? >"$work/status"
    ) &
    listener=$!
    exec 6>"$work/late"
    port=$(port_in l.err)
    python "
s.send(b'first'); s.shutdown(socket.SHUT_WR)
print('ended', flush=True)
text = b''
while True:
    more = s.recv(65536)
    if not more: break
    text += more
print(text.decode())" "$port" >"$work/peer" 6>&- &
    peer=$!
    await l.out first >/dev/null
    await peer ended >/dev/null
    echo 'the last word' >&6
    exec 6>&-
    wait $peer $listener
    same 'listen, peer ended first' "$(cat "$work/status")" 0
    holds 'what comes after the peer has ended' "$(cat "$work/peer")" 'the last word'
    rm "$work/late"

    # UDP: both directions, the dump of both; the answer comes from the address that was asked.
    input=$work/small begin l listen udp::0 --io $engine
    port=$(await l.err '0\.0\.0\.0:[0-9]*' | sed 's/.*://')
    : >"$work/answer"
    hold "$work/ping" "$work/answer" "$work/small" |
        weir talk "udp:127.0.0.5:$port" --hex --io $engine >>"$work/answer" 2>"$work/dump" ||
        fail "talk, UDP: $?"
    kill -INT $pid
    ends $pid 130 'listen, UDP'
    alike 'listen to talk, UDP' "$work/answer" "$work/small"
    same 'talk to listen, UDP' "$(cat "$work/l.out")" ping
    holds 'who is answered' "$(cat "$work/l.err")" 'answering udp:127.0.0.1:'
    cat >"$work/expected" <<'TEXT'
> 00000000  70 69 6e 67 0a                                    |ping.|
< 00000000  48 65 6c 6c 6f 2c 20 57  6f 72 6c 64 21 0a 00 ff  |Hello, World!...|
< 00000010  61 62 63 64 65 66 67 68                           |abcdefgh|
TEXT
    alike 'the dump' "$work/dump" "$work/expected"
    input=$work/small begin l listen --udp 127.0.0.1:0 --io $engine
    port=$(port_in l.err)
    echo 'from nc' | timeout 100 nc -u -q 0 127.0.0.1 "$port" >"$work/answer"
    await l.out 'from nc' >/dev/null
    kill -INT $pid
    ends $pid 130 'listen, UDP, nc'
    same 'nc to listen, UDP' "$(cat "$work/l.out")" 'from nc'
    complains 1 'connection refused (is the server running?)' talk 127.0.0.1:1 --io $engine
    echo x | weir talk udp:127.0.0.1:1 --io $engine 2>"$work/complaint"
    same 'UDP to nobody' $? 1
    holds 'UDP to nobody' "$(cat "$work/complaint")" 'connection refused'

    # Unix datagrams and packets, among each other.
    input=$work/small begin l listen "unix:$work/d" --datagram --timeout 60 --io $engine
    await l.err listening >/dev/null
    : >"$work/answer"
    hold "$work/small" "$work/answer" "$work/small" |
        weir talk "unix:$work/d" --datagram --source "unix:$work/own" --io $engine \
            >>"$work/answer" || fail "talk, datagrams: $?"
    kill -INT $pid
    ends $pid 130 'listen, datagrams'
    alike 'listen to talk, datagram' "$work/answer" "$work/small"
    alike 'talk to listen, datagram' "$work/l.out" "$work/small"
    holds 'a name of its own' "$(cat "$work/l.err")" "answering unix:$work/own"
    [ -e "$work/own" ] && fail 'the socket file of --source is left'
    input=$work/there begin l listen "unix:@$name-p" --seqpacket --io $engine
    await l.err listening >/dev/null
    weir talk "unix:@$name-p" --seqpacket --io $engine <"$work/back" >"$work/answer" ||
        fail "talk, packets: $?"
    ends $pid 0 'listen, packets'
    alike 'listen to talk, packets' "$work/answer" "$work/there"
    alike 'talk to listen, packets' "$work/l.out" "$work/back"

    # One after the other; an interrupt is then the good end.
    begin l listen 127.0.0.1:0 --keep --json --io $engine
    port=$(port_in l.err)
    for word in one two three; do
        echo $word | weir talk 127.0.0.1:1 "127.0.0.1:$port" --io $engine 2>"$work/complaint" ||
            fail "talk to --keep: $?"
        holds 'the address that failed' "$(cat "$work/complaint")" \
            'cannot connect to 127.0.0.1:1: connection refused'
        holds 'the address that works' "$(cat "$work/complaint")" "connected to 127.0.0.1:$port"
    done
    until [ "$(grep -c '"event":"ended"' "$work/l.err")" = 3 ]; do pause; done
    kill -TERM $pid
    ends $pid 0 'listen --keep'
    same 'three peers' "$(cat "$work/l.out")" $'one\ntwo\nthree'
    same 'bytes of the last' "$(event_field l.err ended received)" 6

    # A peer that resets, and one that stops reading in the middle.
    mkfifo "$work/open"
    exec 6<>"$work/open"
    input=$work/open begin l listen 127.0.0.1:0 --io $engine
    port=$(port_in l.err)
    python "
s.send(b'some')
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()" "$port"
    ends $pid 1 'listen, reset'
    holds reset "$(cat "$work/l.err")" 'connection reset by peer'
    # The same after it has ended its direction, while we wait for input.
    input=$work/open begin l listen 127.0.0.1:0 --io $engine
    port=$(port_in l.err)
    python "
s.send(b'some'); s.shutdown(socket.SHUT_WR); open(sys.argv[2]).readline()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()" \
        "$port" <(await l.out some)
    ends $pid 1 'listen, end and reset'
    holds 'end and reset' "$(cat "$work/l.err")" ': cannot '
    input=/dev/zero begin l listen 127.0.0.1:0 --io $engine
    port=$(port_in l.err)
    python 's.recv(100)' "$port"
    ends $pid 1 'listen, the peer does not read on'
    holds 'no reader' "$(cat "$work/l.err")" ': cannot '

    # A slow reader of our output holds the peer up, and loses nothing.
    mkfifo "$work/slow"
    exec 7<>"$work/slow"
    : >"$work/slow.err" >"$work/peer"
    # shellcheck disable=SC2086
    ${WEIR_LAUNCH:-} "$WEIR" listen 127.0.0.1:0 --io $engine \
        </dev/null >"$work/slow" 2>"$work/slow.err" &
    listener=$!
    port=$(port_in slow.err)
    python "
s.settimeout(0.3)
sent = 0
try:
    while sent < 64 << 20: sent += s.send(bytes(65536))
except TimeoutError:
    print('full', sent, flush=True)
s.shutdown(socket.SHUT_WR); s.settimeout(60); s.recv(1)" "$port" >"$work/peer" &
    peer=$!
    await peer 'full [0-9]*' >/dev/null
    exec 8<"$work/slow" 7>&-
    same 'bytes after a jam' "full $(wc -c <&8)" "$(cat "$work/peer")"
    exec 8<&-
    wait $peer
    ends $listener 0 'listen, slow reader'
    rm "$work/slow" "$work/open"
    exec 6>&-
done

# What is wrong is said, and where.
complains 2 'needs an address' talk
complains 2 'the port is missing' talk example.org
complains 2 'not an address' talk example.299:80
complains 2 'not an address' listen example.org:80
complains 2 'one of --udp, --datagram and --seqpacket' talk --udp --seqpacket 80
complains 2 '--source is for TCP, UDP' talk --source 127.0.0.1 unix:@x
complains 2 'not an address' talk --source nowhere 127.0.0.1:1
complains 2 'does not know the option --keep' talk --keep 80
complains 1 'has the address of --source' talk --source 192.0.2.77 127.0.0.1:1
complains 1 'is of another family' talk --source ::1 127.0.0.1:1
complains 1 'no socket has that name' talk "unix:$work/nosuch"
complains 1 'nobody came to 127.0.0.1:0 within 0.1 s' listen 127.0.0.1:0 --timeout 0.1
complains 1 'nothing went either way for 0.1 s' listen udp:127.0.0.1:0 --timeout 0.1
# With datagrams that is success when there was an answer before.
begin l listen udp:127.0.0.1:0
port=$(port_in l.err)
echo ping | weir talk "udp:127.0.0.1:$port" --timeout 0.1 >/dev/null 2>&1
same 'a question without an answer' $? 1
kill -INT $pid
ends $pid 130 'listen, UDP, which does not answer'
complains 1 'the path is something else than a socket' listen "unix:$work/small"
begin l listen 127.0.0.1:0
port=$(port_in l.err)
complains 1 'another program listens there' listen "127.0.0.1:$port"
same 'nothing on output' "$(weir talk --source 127.0.0.9 "127.0.0.1:$port" </dev/null)" ''
ends $pid 0 'listen, talk from a source'
holds source "$(cat "$work/l.err")" 'connected with 127.0.0.9:'
begin l listen "unix:$work/s"
await l.err listening >/dev/null
complains 1 'the socket is of another type' talk --seqpacket "unix:$work/s"
kill -INT $pid
ends $pid 130 'listen, interrupted'
[ -e "$work/s" ] && fail 'the socket file is left after SIGINT'
weir talk 127.0.0.1:1 --json 2>"$work/complaint" </dev/null
expected='{"event":"failed","address":"127.0.0.1:1","transport":"TCP",'
expected+='"error":"connection refused","name":"WEIR_ECONNREFUSED"}'
same 'a failure for programs' "$(cat "$work/complaint")" "$expected"
complains 1 'has nobody but this program in it' talk 127.0.0.1:1 --io sim
holds help "$(weir talk --help)" 'example: '
holds help "$(weir listen --help)" 'example: '
exit $((failures > 0))
