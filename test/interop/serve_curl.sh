#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does curl get from `weir serve` what a person would expect, on each engine?
. "$(dirname "$0")/serve_common.bash"
need curl
get() { curl -sS --max-time 100 --path-as-is "$@"; }
status() { get -o "$work/body" -w '%{http_code}' "$@"; }

site=$work/site
mkdir -p "$site/sub/deep" "$site/indexed" "$work/outside"
printf '0123456789' >"$site/digits.txt"
head -c 3000000 /dev/urandom >"$site/large.bin"
: >"$site/empty"
echo secret >"$work/outside/secret"
echo hidden >"$site/.hidden"
echo '<h1>index</h1>' >"$site/indexed/index.html"
printf 'x' >"$site/a <b>&\"c\" d.txt"
printf 'y' >"$site/Grüße %41.txt"
printf 'z' >"$site/javascript:alert(1)"
printf 'w' >"$site/bad"$'\xff'"name"
ln -s ../digits.txt "$site/sub/inside"
ln -s ../../outside/secret "$site/sub/out"
ln -s /etc/passwd "$site/sub/absolute"
ln -s ../../outside "$site/sub/outdir"
mkfifo "$site/fifo"
head -c 100000 /dev/urandom >"$work/upload"

for engine in uring epoll threads; do
    serve "$site" --io "$engine" --log=json
    echo "engine: $engine"

    same body "$(get "$url/digits.txt")" 0123456789
    head=$(get -I "$url/digits.txt")
    holds 'HEAD status' "$head" '200 OK'
    holds 'HEAD length' "$head" 'Content-Length: 10'
    holds 'HEAD type' "$head" 'Content-Type: text/plain; charset=utf-8'
    get -o "$work/large" "$url/large.bin"
    cmp -s "$work/large" "$site/large.bin" || fail 'a large file arrives changed'
    same 'empty file' "$(status "$url/empty")" 200
    same index "$(get "$url/indexed/")" '<h1>index</h1>'
    same 'no slash' \
        "$(get -o /dev/null -w '%{http_code} %{redirect_url}' "$url/sub?q=1")" "301 $url/sub/?q=1"
    same 'no slash, two before' "$(get -o /dev/null -w '%{redirect_url}' "$url//sub")" "$url/sub/"

    same range "$(get --range 2-4 "$url/digits.txt")" 234
    same 'suffix range' "$(get --range -3 "$url/digits.txt")" 789
    same 'open range' "$(get --range 7- "$url/digits.txt")" 789
    same 'range status' "$(status --range 0-0 "$url/digits.txt")" 206
    same 'range past the end' "$(status --range 10-20 "$url/digits.txt")" 416
    same 'two ranges' "$(status --range 0-1,3-4 "$url/digits.txt")" 200
    same 'range with another If-Range' \
        "$(status -H 'If-Range: "other"' --range 0-1 "$url/digits.txt")" 200
    get -o "$work/part" --range 1000000-1999999 "$url/large.bin"
    cmp -s "$work/part" <(tail -c +1000001 "$site/large.bin" | head -c 1000000) \
        || fail 'a large range arrives changed'

    etag=$(get -I "$url/digits.txt" | sed -n 's/^ETag: \(.*\)\r$/\1/p')
    date=$(get -I "$url/digits.txt" | sed -n 's/^Last-Modified: \(.*\)\r$/\1/p')
    same 'If-None-Match' "$(status -H "If-None-Match: W/\"a\", $etag" "$url/digits.txt")" 304
    same 'If-None-Match other' \
        "$(status -H 'If-None-Match: "a"' -H "If-Modified-Since: $date" "$url/digits.txt")" 200
    same 'If-Modified-Since' "$(status -H "If-Modified-Since: $date" "$url/digits.txt")" 304
    same 'If-Modified-Since before' \
        "$(status -H 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT' "$url/digits.txt")" 200
    same 'If-Match other' "$(status -H 'If-Match: "a"' "$url/digits.txt")" 412
    same 'If-Range' "$(get -H "If-Range: $etag" --range 1-2 "$url/digits.txt")" 12

    for path in /../outside/secret /%2e%2e/outside/secret \
        /sub/../../outside/secret /sub/out /sub/absolute \
        /sub/outdir/secret /..%2foutside%2fsecret /sub/%2e%2e/%2e%2e/%2e%2e/etc/passwd; do
        code=$(status "$url$path")
        case $code in 403 | 404) ;; *) fail "$path escapes: $code" ;; esac
        case $(cat "$work/body") in *secret* | *root:*) fail "$path shows what lies outside" ;; esac
    done
    same 'link inside' "$(get "$url/sub/inside")" 0123456789
    same 'hidden file' "$(status "$url/.hidden")" 404
    same fifo "$(status "$url/fifo")" 403
    same 'missing file' "$(status "$url/nosuch")" 404
    holds 'body of an error' "$(cat "$work/body")" '404 Not Found'
    same 'file with a slash' "$(status "$url/digits.txt/")" 404
    same NUL "$(status "$url/%00")" 400
    same 'broken escape' "$(status "$url/%zz")" 400
    same POST "$(status -d x "$url/digits.txt")" 405
    holds Allow "$(get -i -X DELETE "$url/")" 'Allow: GET, HEAD'
    same 'unknown method' "$(status -X BREW "$url/")" 501
    same 'upload to a file' \
        "$(status -H 'Transfer-Encoding: chunked' --data-binary "@$work/upload" "$url/")" 405

    list=$(get "$url/")
    holds 'listing, escaped name' "$list" '>a &lt;b&gt;&amp;&quot;c&quot; d.txt</a>'
    holds 'listing, encoded link' "$list" 'href="./a%20%3Cb%3E%26%22c%22%20d.txt"'
    holds 'listing, UTF-8' "$list" '>Grüße %41.txt</a>'
    holds 'listing, link to it' "$list" 'href="./Gr%C3%BC%C3%9Fe%20%2541.txt"'
    holds 'listing, colon' "$list" 'href="./javascript%3Aalert%281%29"'
    holds 'listing, size' "$list" '3.0 MB'
    holds 'listing, not UTF-8' "$list" 'href="./bad%FFname"'
    same 'link works' "$(get "$url/Gr%C3%BC%C3%9Fe%20%2541.txt")" y
    same 'link works, not UTF-8' "$(get "$url/bad%FFname")" w
    case $list in *.hidden* | *fifo*) fail 'the listing shows what cannot be fetched' ;; esac
    case $(get "$url/sub/") in
    *outdir* | *'>out<'*) fail 'the listing shows links that lead out' ;;
    esac
    [ "${list%%sub/*}" != "$list" ] && \
        [ "${list%%sub/*}" != "${list%%digits*}" ] || fail 'no folder in the listing'
    holds 'listing of a folder' "$(get "$url/sub/")" 'href="../"'
    stop
    while read -r line; do
        case $line in '{"time":"'*'}') ;; *) fail "not a line of JSON: $line" ;; esac
    done <"$work/log"
    holds log "$(cat "$work/log")" \
        '"method":"GET","target":"/nosuch","version":"HTTP/1.1","status":404'

    serve --echo --io "$engine" --log=common
    get -o "$work/answer" -H 'Transfer-Encoding: chunked' --data-binary "@$work/upload" "$url/any"
    cmp -s "$work/answer" "$work/upload" || fail 'a chunked upload comes back changed'
    get -o "$work/answer" -X PATCH --data-binary "@$work/upload" "$url/any"
    cmp -s "$work/answer" "$work/upload" || fail 'an upload comes back changed'
    holds 'echoed type' "$(get -i -H 'Content-Type: a/b' -d x "$url/")" 'Content-Type: a/b'
    same 'body over the limit' \
        "$(head -c 17000000 /dev/zero | status -H 'Expect:' --data-binary @- "$url/")" 413
    stop
    holds 'common log' "$(cat "$work/log")" '"PATCH /any HTTP/1.1" 200 100000'
done
exit $((failures > 0))
