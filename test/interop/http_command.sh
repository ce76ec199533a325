#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does `weir http parse` show what is in the bytes, name the rule of each decision, point at the
# byte that is wrong, and say the same to people and to programs?
set -u
WEIR=${WEIR:-build/release/bin/weir}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
# shellcheck disable=SC2086
weir() { timeout 100 ${WEIR_LAUNCH:-} "$WEIR" "$@"; }
fail() { echo "FAILED: $*" >&2; failures=$((failures + 1)); }

# parse STATUS BYTES OPTION…: parses BYTES (with printf's escapes) into $work/out; BYTES of the
# call before when it is "-".
parse() {
    # shellcheck disable=SC2059
    [ "$2" = - ] || printf "$2" >"$work/in"
    weir http parse "${@:3}" <"$work/in" >"$work/out" 2>"$work/complaint"
    local status=$?
    [ $status = "$1" ] || fail "$2 ${*:3}: status $status, expected $1: $(tail -8 "$work/out")"
    [ ! -s "$work/complaint" ] || fail "$2 ${*:3} complains: $(cat "$work/complaint")"
}
# row TEXT: the report has this line, runs of blanks counting as one.
row() { tr -s ' ' <"$work/out" | sed 's/^ //' | grep -qxF -- "$1" || fail "no row: $1"; }
no_row() { ! grep -qF -- "$1" "$work/out" || fail "there should be no: $1"; }
# caret LINE COLUMN: this line, and the caret below it after COLUMN columns of its text.
caret() {
    grep -A1 -xF -- "    $1" "$work/out" >"$work/two" || fail "no line: $1"
    local below
    below=$(tail -1 "$work/two")
    [ "${below%%^*}" = "    $(printf '%*s' "$2" '')" ] || fail "the caret is elsewhere: $below"
}
# refused NAME RULE OFFSET LINE COLUMN STATUS
refused() {
    row "refused WEIR_EHTTP_$1: $(sed -n "s/^refused WEIR_EHTTP_$1: //p" "$work/out")"
    grep -qF "by $2, at offset $3, line $4, column $5:" "$work/out" ||
        fail "not at $2 $3 $4 $5: $(grep -F 'at offset' "$work/out")"
    grep -qE "(server|proxy) answers $6 \(" "$work/out" || fail "$1 is not answered with $6"
}
usage() {
    weir http "$@" </dev/null >"$work/out" 2>"$work/complaint"
    [ $? = 2 ] || fail "http $* is no usage error"
    [ -s "$work/complaint" ] || fail "http $* says nothing"
}

get='GET / HTTP/1.1\r\nHost: a\r\n'
post='POST / HTTP/1.1\r\nHost: a\r\n'
chunked="${post}Transfer-Encoding: chunked\r\n\r\n" # 56 bytes

# Parts with their offsets, two messages behind one another, bytes that nobody reads.
first='\r\nPOST /a%%20b?x=1 HTTP/1.1\r\nHost: a\r\nX:\tb \r\nE:\r\nC: \xe9\\\r\n'
first+='Content-Length: 3\r\n\r\n\0\r\n'
parse 0 "${first}GET http://b/ HTTP/1.0\r\nHost: c\r\n\r\nrest"
row '0 empty lines, passed over (RFC 9112 2.2)'
row '2 method POST'
row '7 target /a%20b?x=1'
row 'origin-form, path /a%20b, query x=1'
row 'the path without percent-encoding is /a b'
row '18 version HTTP/1.1'
row '28 Host: a'
row '37 X: b'
row 'written as X:\tb \r\n'
row '44 E:'
row "48 C: \\xE9\\\\"
row 'framing 3 bytes (RFC 9112 6.3 item 6)'
row 'connection stays open (RFC 9112 9.3)'
row '76 body 3 bytes: \x00\r\n'
row '79 end 79 bytes: head 76, body 3, content 3'
row 'request 2'
row 'absolute-form, authority b, path /'
row "authority b: the target's, whatever Host says (RFC 9112 3.3)"
row 'framing no body (RFC 9112 6.3 item 7)'
row 'connection closes (RFC 9112 9.3)'
row '114 ignored 4 bytes, because the connection closes'
no_row "$(printf '\033')"

# A file, standard input by name, and what cannot be read.
weir http parse "$work/in" >"$work/file" && weir http parse - <"$work/in" >"$work/dash"
cmp -s "$work/out" "$work/file" || fail 'a file reads differently'
cmp -s "$work/out" "$work/dash" || fail '- reads differently'
weir http parse "$work/none" 2>"$work/complaint" && fail 'a missing file is read'
weir http parse "$work" 2>"$work/complaint" && fail 'a directory is read'
head -c 67108865 /dev/zero | weir http parse >"$work/out" 2>"$work/complaint"
[ "${PIPESTATUS[1]}" = 1 ] || fail 'more than 64 MiB are read'
grep -q '64 MiB' "$work/complaint" || fail 'the bound is not told'

# Nothing, or next to it.
parse 0 ''
row 'The input is empty.'
parse 0 '\r\n\r\n'
row 'From offset 0 on there are but empty lines.'
parse 1 G
caret G 1
row 'cut WEIR_EEOF: unexpected end of stream'

# Chunks: sizes, extensions, trailers kept and dropped.
body='5;a="b"\r\nhello\r\n1F\r\n0123456789012345678901234567890\r\n'
parse 0 "$chunked${body}0;z\r\nDigest: d\r\nHost: evil\r\nA: b\r\n\r\n"
row 'framing chunked (RFC 9112 6.3 item 4)'
row '56 chunk 5 bytes at 65: hello'
row '57 extension ;a="b"'
row '72 chunk 31 bytes at 76: 0123456789012345678901234567890'
row '109 last chunk'
row '110 extension ;z'
row '114 trailers'
row '125 Host: evil'
row 'dropped: it may not stand in a trailer (RFC 9110 6.5.1)'
row '145 end 145 bytes: head 56, body 89, content 36'
[ "$(grep -c dropped "$work/out")" = 1 ] || fail 'other trailers are dropped, too'

# Errors: at the first byte, in the middle, at the end, in bodies and trailers.
parse 1 '\x16\x03\x01\x02'
refused METHOD 'RFC 9110 9.1' 0 1 1 400
caret '\x16\x03\x01\x02' 0
grep -qx '    ^^^^' "$work/out" || fail 'the caret does not cover the escape'
parse 1 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'
refused FIELD_NAME 'RFC 9112 5.1' 20 2 5 400
caret 'Host : a\r\n' 4
parse 1 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'
refused FIELD_VALUE 'RFC 9110 5.5' 29 3 5 400
caret 'X: a\x00b\r\n' 4
parse 1 'GET / HTTP/1.1\r\nHost: a\r\n\rx'
refused LINE_END 'RFC 9112 2.2' 25 3 1 400
parse 1 "${chunked}5\r\nhelloxx"
row '56 chunk 5 bytes at 59: hello'
refused CHUNK_END 'RFC 9112 7.1' 64 6 6 400
caret 'helloxx' 5
parse 1 "${chunked}5\r\nhello\r\n-1\r\n"
refused CHUNK_SIZE 'RFC 9112 7.1' 66 7 1 400
parse 1 "${chunked}0;\"\r\n\r\n"
refused CHUNK_EXTENSION 'RFC 9112 7.1.1' 58 5 3 400
parse 1 "${chunked}0\r\nA: b\r\nC : d\r\n\r\n"
row '56 last chunk'
refused TRAILER 'RFC 9112 7.1.2' 66 7 2 400
caret 'C : d\r\n' 1
parse 1 "${get}\r\n${get}X\r\n\r\n"
row 'request 2'
refused FIELD_NAME 'RFC 9112 5.1' 53 6 2 400
parse 1 'GET / HTTP/2.0\r\n\r\n'
refused VERSION 'RFC 9112 2.3' 6 1 7 505

# A line too long for the screen is shortened around the place.
long=$(printf '%05000d' 7)
parse 1 "${get}X: ${long}\\x01${long}\r\n\r\n"
refused FIELD_VALUE 'RFC 9110 5.5' 5028 3 5004 400
caret '…00000000000000000000000000000000000000000007\x010000000000000000000000000…' 45
[ "$(wc -L <"$work/out")" -lt 100 ] || fail 'a long line is not shortened'
parse 0 "${get}X: ${long}\r\n\r\n"
row "25 X: $long"

# The end of the input inside of everything.
while IFS='|' read -r where bytes; do
    parse 1 "$bytes"
    grep -qF "the end of the input, $where" "$work/out" || fail "$bytes is not cut $where"
    grep -q 'by RFC 9112 8,' "$work/out" || fail 'the rule about incomplete messages is missing'
    parse 0 - --no-eof
    grep -qE "^ *[0-9]+  more +the input ends $where\$" "$work/out" || fail "no more: $bytes"
done <<CASES
inside the head|$get
after 2 of 5 bytes of the body|${post}Content-Length: 5\r\n\r\nab
inside the size line of a chunk|$chunked
inside the size line of a chunk|${chunked}5;a
inside the size line of a chunk|${chunked}1\r\na\r\n
after 0 of 5 bytes of a chunk|${chunked}5\r\n
after 3 of 5 bytes of a chunk|${chunked}5\r\nhel
before the line end of a chunk|${chunked}5\r\nhello
before the line end of a chunk|${chunked}5\r\nhello\r
inside the trailer section|${chunked}0\r\n
inside the trailer section|${chunked}0\r\nA: b\r\n
CASES

# Responses: each rule of RFC 9112 6.3, and what the response answers.
ok='HTTP/1.1 200 OK\r\n'
none='Content-Length: 0\r\n'
close='Connection: close\r\n'
keep='Connection: keep-alive\r\n'
chunks='Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
while IFS='|' read -r method framing connection bytes; do
    parse 0 "$bytes" --response --method "$method"
    row "framing $framing"
    row "connection $connection"
done <<CASES
HEAD|no body (RFC 9112 6.3 item 1)|stays open (RFC 9112 9.3)|${ok}Content-Length: 5\r\n\r\n
GET|no body (RFC 9112 6.3 item 1)|stays open (RFC 9112 9.3)|HTTP/1.1 304 x\r\n\r\n
GET|no body (RFC 9112 6.3 item 1)|stays open (RFC 9110 15.2)|HTTP/1.1 100\r\n\r\n
GET|tunnel (RFC 9110 15.2.2)|no longer HTTP (RFC 9110 7.8)|HTTP/1.1 101 x\r\n\r\nx
CONNECT|tunnel (RFC 9112 6.3 item 2)|no longer HTTP (RFC 9110 9.3.6)|${ok}\r\nx
PURGE|chunked (RFC 9112 6.3 item 4)|stays open (RFC 9112 9.3)|${ok}${chunks}
GET|1 byte (RFC 9112 6.3 item 6)|closes (RFC 9112 9.3)|${ok}Content-Length: 1\r\n${close}\r\na
GET|0 bytes (RFC 9112 6.3 item 6)|stays open (RFC 9112 9.3)|HTTP/1.0 200\r\n${none}${keep}\r\n
GET|until-close (RFC 9112 6.3 item 8)|closes (RFC 9112 6.3)|${ok}\r\nabc
CASES
row '19 body 3 bytes: abc'
parse 0 - --response --no-eof
row '22 more the input ends inside a body until the connection closes'
three="${ok}Content-Length: 3\r\n\r\n"
parse 0 "HTTP/1.1 103 Early\r\n\r\n$three${three}abc" --response --method HEAD,GET
row 'response 3'
row '98 body 3 bytes: abc'
parse 1 'HTTP/1.1 20 OK\r\n\r\n' --response
refused STATUS_LINE 'RFC 9112 4' 11 1 12 502
parse 0 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03'
row '35 tunnel 2 bytes, if the answer is 2xx (RFC 9110 9.3.6)'
parse 0 "${get}Upgrade: x\r\nConnection: upgrade\r\nExpect: 100-continue\r\n\r\n"
row 'upgrade x: if the server agrees with 101 (RFC 9110 7.8)'
row 'expects 100-continue: it may wait with the body (RFC 9110 10.1.1)'

# Each departure from strictness: refused without, with a word about it, and taken with it.
while IFS='|' read -r name options bytes; do
    # shellcheck disable=SC2086
    parse 1 "$bytes" $options
    grep -q -- "^  --lenient $name takes it" "$work/out" || fail "no word of $name: $bytes"
    # shellcheck disable=SC2086
    parse 0 - --lenient "$name" $options
    weir http --help | grep -q "^      $name " || fail "$name is not explained"
done <<CASES
lf||GET / HTTP/1.1\nHost: a\n\n
fold|--response|${ok}A: b\r\n c\r\nContent-Length: 0\r\n\r\n
length-list||${post}Content-Length: 1, 1\r\n\r\na
te-cl||${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
no-host||GET / HTTP/1.1\r\n\r\n
target-bytes||GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n
codings|--response|${ok}Transfer-Encoding: gzip\r\n\r\nabc
CASES
row 'framing until-close (RFC 9112 6.3 item 4)'
parse 0 "${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\na" --lenient lf,length-list
row 'framing 1 byte (RFC 9112 6.3 item 5)'
parse 0 "${post}Content-Length: 1\r\n$chunks" --lenient te-cl --lenient lf
row 'framing chunked (RFC 9112 6.3 item 3)'
row 'connection closes (RFC 9112 6.1)'
parse 0 "${ok}A: b\r\n  c\r\nContent-Length: 0\r\n\r\n" --response --lenient fold
row '17 A: b c'
row 'written as A: b\r\n c\r\n'

# Each limit: exactly it is legal, one less is not.
while IFS='|' read -r name least error bytes; do
    parse 0 "$bytes" --limit "$name=$least"
    parse 1 - --limit "$name=$((least - 1))"
    grep -q "^refused WEIR_EHTTP_$error:" "$work/out" || fail "$name is not $error"
    weir http --help | grep -q "$name=" || fail "$name is not in the help"
done <<CASES
empty_lines|2|REQUEST_LINE|\r\n\r\n$get\r\n
start_line|16|LINE_LIMIT|$get\r\n
field_line|9|FIELD_LIMIT|$get\r\n
field_section|15|HEAD_LIMIT|${get}A: b\r\n\r\n
fields|2|COUNT_LIMIT|${get}A: b\r\n\r\n
body|5|BODY_LIMIT|${post}Content-Length: 5\r\n\r\nhello
body|5|BODY_LIMIT|${chunked}5\r\nhello\r\n0\r\n\r\n
chunk_extension|2|CHUNK_EXTENSION|${chunked}0;a\r\n\r\n
chunk_extensions|4|CHUNK_EXTENSION|${chunked}1;a\r\na\r\n0;a\r\n\r\n
trailer_section|6|TRAILER|${chunked}0\r\nA: b\r\n\r\n
trailers|2|TRAILER|${chunked}0\r\nA: b\r\nA: b\r\n\r\n
CASES
parse 1 "$get\r\n" --limit fields=0 --limit empty_lines=0
row '--limit fields=N sets the limit; it is 0'

# Wrong usage.
usage
grep -q '  parse ' "$work/complaint" || fail 'http alone does not list its commands'
usage prase
usage parse --nope
usage parse a b
usage parse --lenient
usage parse --lenient lf,all
usage parse --limit fields
usage parse --limit lines=1
usage parse --limit fields=x
usage parse --limit fields=4294967296
usage parse --method HEAD
usage parse --response --method 'G T'
usage parse --json=yes
weir http parse --help | grep -q 'request smuggling' || fail 'the help does not tell the risks'

# JSON says the same, and every byte can be had back from it.
if command -v python3 >/dev/null; then
    body='5;a=b\r\nhello\r\n0\r\nDigest: d\r\nHost: evil\r\n\r\n'
    parse 1 "$chunked${body}GET /\xff HTTP/1.1\r\nHost: \"\\\\\0\r\n\r\n" --json \
        --lenient target-bytes
    cp "$work/in" "$work/bytes"
    head -1 "$work/out" | python3 -m json.tool >"$work/tool" || fail 'no JSON'
    python3 - "$work/out" "$work/bytes" <<'PYTHON' || fail 'the JSON says something else'
import json, re, sys
raw = open(sys.argv[2], 'rb').read()
one, two = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]
def there(offset, text):
    escapes = {'r': 13, 'n': 10, 't': 9, '\\': 92}
    data = b''.join(bytes([escapes[e] if e else int(h, 16) if h else ord(c)])
                    for e, h, c in re.findall(r'\\([rnt\\])|\\x(..)|([ -~])', text))
    assert raw[offset:offset + len(data)] == data, (offset, text)
for part in one['method'], one['target'], one['version']:
    there(part['offset'], part['text'])
for field in one['fields'] + one['trailers']:
    there(field['offset'], field['name'])
    there(field['value_offset'], field['value'])
    there(field['offset'], field['raw'])
assert [t['kept'] for t in one['trailers']] == [True, False]
assert [(c['offset'], c['size'], c['extension'], c['data_offset'], c['have'])
        for c in one['chunks']] == [(56, 5, ';a=b', 63, 5), (70, 0, '', 73, 0)], one['chunks']
assert one['framing']['body'] == 'chunked' and one['framing']['rule'] == 'RFC 9112 6.3 item 4'
assert one['connection']['keep_alive'] and one['outcome'] == 'complete'
assert two['offset'] == one['end'] == one['body_offset'] + 42 and one['body_content'] == 5
error = two['error']
assert two['outcome'] == 'refused' and error['name'] == 'WEIR_EHTTP_FIELD_VALUE', error
assert raw[error['offset']] == 0 and error['byte'] == '0x00 (NUL)' and error['status'] == 400
assert error['line'] == raw[:error['offset']].count(b'\n') + 1
assert error['rule'] and error['meaning']
assert error['excerpt'][error['caret']:].startswith('\\x00'), error
PYTHON
    parse 0 "HTTP/1.1 200 \r\n\r\nabc" --response --json --no-eof
    python3 -c 'import json, sys; m = json.load(sys.stdin); assert m["outcome"] == "more" and \
        m["status"]["code"] == 200 and m["reason"]["text"] == "" and m["where"]' <"$work/out" ||
        fail 'an unfinished response is told wrongly'
    parse 0 '' --json
    [ ! -s "$work/out" ] || fail 'no message makes an object'
fi
exit $((failures > 0))
