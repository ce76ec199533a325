#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does `weir echo` send back to socat, netcat, bash and python what they send, on each engine,
# within its limits, and until the end?
. "$(dirname "$0")/talk_common.bash"
need socat
need nc
need python3
head -c 10485760 /dev/urandom >"$work/large"
printf 'one line\nand \0 another' >"$work/small"

for engine in uring epoll threads; do
    echo "engine: $engine"
    name=weir-test-$$-$RANDOM-$engine
    begin echo echo localhost:0 udp:localhost:0 "unix:$work/s" "unix:@$name" --json --io $engine
    echo_pid=$pid
    await echo.out "unix:@$name" >/dev/null || exit 1
    port=$(port_in echo.out)
    udp=$(await echo.out 'udp:127.0.0.1:[0-9]*' | sed 's/.*://')

    timeout 100 socat -t 60 - "TCP:127.0.0.1:$port" <"$work/large" >"$work/answer"
    alike 'socat, TCP, 10 MiB' "$work/answer" "$work/large"
    timeout 100 nc -N 127.0.0.1 "$port" <"$work/large" >"$work/answer"
    alike 'nc, TCP, 10 MiB' "$work/answer" "$work/large"
    weir talk "127.0.0.1:$port" --io $engine <"$work/large" >"$work/answer" || fail "talk: $?"
    alike 'weir talk, TCP, 10 MiB' "$work/answer" "$work/large"
    weir talk "unix:$work/s" --io $engine <"$work/large" >"$work/answer" || fail "talk: $?"
    alike 'weir talk, Unix, 10 MiB' "$work/answer" "$work/large"
    timeout 100 nc -N -U "$work/s" <"$work/small" >"$work/answer"
    alike 'nc, Unix' "$work/answer" "$work/small"
    timeout 100 socat -t 60 - "ABSTRACT-CONNECT:$name" <"$work/large" >"$work/answer"
    alike 'socat, abstract, 10 MiB' "$work/answer" "$work/large"
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    echo from bash >&3
    read -r -t 60 line <&3
    same bash "$line" 'from bash'
    ask "$work/small" "UDP:127.0.0.1:$udp"
    alike 'socat, UDP' "$work/answer" "$work/small"
    if have_ipv6; then
        timeout 100 nc -N ::1 "$port" <"$work/large" >"$work/answer"
        alike 'nc, IPv6' "$work/answer" "$work/large"
        ask "$work/small" "UDP6:[::1]:$udp"
        alike 'socat, UDP over IPv6' "$work/answer" "$work/small"
    fi
    # A hundred datagrams at once, an empty one and one of full size.
    python3 - "$udp" <<'PYTHON' || fail 'python, UDP'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(('127.0.0.1', int(sys.argv[1])))
for texts in [[b'%d' % i for i in range(100)], [b''], [bytes(65507)]]:
    for text in texts: s.send(text)
    assert [s.recv(70000) for _ in texts] == texts
PYTHON
    complains 1 'address already in use (another program listens' echo "127.0.0.1:$port"
    complains 1 'address already in use' echo "unix:$work/s"

    # The end: what has come is sent back, then each connection is ended; bash still has one.
    kill -TERM $echo_pid
    ends $echo_pid 0 'weir echo after SIGTERM'
    over 3 'after SIGTERM'
    exec 3>&-
    [ -e "$work/s" ] && fail 'the socket file is left'
    v6=$(have_ipv6 && echo 1 || echo 0)
    expected=$(((5 + v6) * 10485760 + (2 + v6) * $(wc -c <"$work/small") + 10 + 190 + 65507))
    same 'bytes in all' "$(event_field echo.out total bytes)" "$expected"
    same 'open in all' "$(event_field echo.out total open)" 0
    same 'failed in all' "$(event_field echo.out total failed)" 0
    same messages "$(cat "$work/echo.err")" ''

    # Datagrams and packets over Unix sockets.
    begin echo echo "unix:$work/d" --datagram --io $engine
    await echo.err 'echoing Unix datagram' >/dev/null
    ask "$work/small" "UNIX-SENDTO:$work/d,bind=$work/mine"
    alike 'socat, Unix datagram' "$work/answer" "$work/small"
    echo lost | timeout 100 socat -t 0 - "UNIX-SENDTO:$work/d"
    : >"$work/answer"
    hold "$work/small" "$work/answer" "$work/small" |
        weir talk "unix:$work/d" --datagram >>"$work/answer" || fail "talk, datagram: $?"
    alike 'weir talk, Unix datagram' "$work/answer" "$work/small"
    kill -INT $pid
    ends $pid 0 'weir echo after SIGINT'
    holds 'dropped' "$(cat "$work/echo.err")" '1 messages dropped'
    begin echo echo "unix:$work/p" --seqpacket --io $engine
    await echo.err 'echoing Unix seqpacket' >/dev/null
    timeout 100 socat -t 60 - "UNIX-CONNECT:$work/p,type=5" <"$work/small" >"$work/answer"
    alike 'socat, Unix seqpacket' "$work/answer" "$work/small"
    weir talk "unix:$work/p" --seqpacket <"$work/large" >"$work/answer" || fail "talk, packets: $?"
    alike 'weir talk, packets, 10 MiB' "$work/answer" "$work/large"
    kill -INT $pid
    ends $pid 0 'weir echo of packets'

    # Limits: one connection at a time; the second is served when the first has ended.
    begin echo echo 127.0.0.1:0 udp::0 --max-connections 1 --io $engine
    port=$(port_in echo.err)
    udp=$(await echo.err 'udp:0.0.0.0:[0-9]*' | sed 's/.*://')
    # At all addresses the answer comes from the one that was asked.
    ask "$work/small" "UDP:127.0.0.5:$udp"
    alike 'socat, UDP, another address' "$work/answer" "$work/small"
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    exec 4<>"/dev/tcp/127.0.0.1/$port" && echo second >&4
    for text in first-{1..20}; do
        echo "$text" >&3
        read -r -t 60 line <&3
        same first "$line" "$text"
    done
    read -r -t 0 -u 4 && fail 'two connections at a time'
    exec 3>&-
    read -r -t 60 line <&4
    same second "$line" second
    exec 4>&-
    kill -TERM $pid
    ends $pid 0 'weir echo with limits'
    holds totals "$(cat "$work/echo.err")" 'over 2 connections'
    # Who says nothing is left after a while.
    begin echo echo 127.0.0.1:0 --idle-timeout 0.1 --io $engine
    port=$(port_in echo.err)
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    over 3 'an idle connection'
    exec 3>&-
    kill -TERM $pid
    ends $pid 0 'weir echo with an idle connection'

    # Without descriptors it says so, waits, and goes on. Nobody leaves before it has said so: a
    # server that answers as quickly as connections come and go is never short of descriptors.
    launch=(bash -c 'ulimit -n 64 && exec "$@"' -)
    begin echo echo 127.0.0.1:0 --io $engine
    launch=()
    port=$(port_in echo.err)
    python3 - "$port" 6< <(await echo.err 'for now: too many open files') <<'PYTHON' ||
import socket, sys
at = ('127.0.0.1', int(sys.argv[1]))
some = [socket.create_connection(at, 60) for _ in range(100)]
for s in some: s.send(b'hello')
assert open('/dev/fd/6').read()
got = []
# Those that wait are served as the others leave.
while some:
    s = some.pop(0)
    got.append(s.recv(10))
    s.close()
assert got == [b'hello'] * 100, got
PYTHON
        fail 'python, many connections'
    kill -TERM $pid
    ends $pid 0 'weir echo without descriptors'
done

complains 2 'is for Unix sockets' echo --datagram 80
complains 2 'not an address' echo nowhere:80
complains 2 'not a port' echo udp:127.0.0.1:70000
complains 1 'no interface of this machine' echo 192.0.2.77:0
complains 1 'the directory is missing' echo "unix:$work/nosuch/s"
complains 1 '--io takes auto' echo --io smoke
holds help "$(weir echo --help)" 'example: '

# Each second a line.
begin echo echo 127.0.0.1:0 --stats --json
await echo.out '"event":"stats","seconds":' >/dev/null
kill -TERM $pid
ends $pid 0 'weir echo with --stats'

# A peer that does not read holds up the end, but a second signal ends at once.
mkfifo "$work/hold"
exec 5<>"$work/hold"
begin echo echo "unix:$work/s" --drain-timeout 100
await echo.err 'echoing Unix' >/dev/null
: >"$work/full"
python3 - "$work/s" >"$work/full" 2>&1 <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
# More than the kernel keeps for one direction: the server has read some of it when all is sent, and
# can never have sent all of it back.
s.sendall(bytes(s.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) + (1 << 17)))
print('full', flush=True)
open('/dev/fd/5').read(1)
PYTHON
flood=$!
await full full >/dev/null
kill -TERM $pid
await echo.err 'ending 1 connection,' >/dev/null
kill -TERM $pid
ends $pid 143 'weir echo after two signals'
kill $flood
exit $((failures > 0))
