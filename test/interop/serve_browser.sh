#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Do Node's fetch and Chromium understand `weir serve`?
. "$(dirname "$0")/serve_common.bash"
need node
mkdir -p "$work/site/folder"
printf 'text' >"$work/site/Fluß.txt"
serve "$work/site"
cat >"$work/try.mjs" <<'SCRIPT'
const url = process.argv[2], echo = process.argv[3];
const same = (what, is, expected) => {
    if (is === expected) return;
    console.error(`${what}: ${is}, expected ${expected}`);
    process.exitCode = 1;
};
const listing = await (await fetch(url + '/')).text();
same('listing', listing.includes('Fluß.txt'), true);
same('file', await (await fetch(url + '/Fluß.txt')).text(), 'text');
same('redirect', (await fetch(url + '/folder')).url, url + '/folder/');
same('missing', (await fetch(url + '/nosuch')).status, 404);
const all = await Promise.all(Array.from({length: 100}, () => fetch(url + '/Fluß.txt')));
same('at the same time', all.every(answer => answer.status === 200), true);
await Promise.all(all.map(answer => answer.text()));
SCRIPT
node "$work/try.mjs" "$url" || fail 'fetch'
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    browser=
if [ -n "$browser" ]; then
    # A profile of its own: with one that another browser has, it asks that one and leaves.
    TMPDIR=$work timeout 300 "$browser" --headless --no-sandbox --disable-gpu \
        --disable-dev-shm-usage --user-data-dir="$work/profile" --window-size=420,800 \
        --screenshot="$work/listing.png" "$url/" >"$work/browser" 2>&1 || fail 'Chromium fails'
    [ "$(stat -c %s "$work/listing.png" 2>/dev/null || echo 0)" -gt 5000 ] || fail 'no screenshot'
else
    echo 'Chromium is not installed: its part is left out'
fi
stop

serve --echo
cat >"$work/echo.mjs" <<'SCRIPT'
const body = new Uint8Array(1 << 20).map((_, i) => i * 7);
const stream = new ReadableStream({
    start(c) {
        for (let i = 0; i < body.length; i += 65536) c.enqueue(body.slice(i, i + 65536));
        c.close();
    },
});
for (const sent of [body, stream]) {
    const how = {method: 'POST', body: sent, duplex: 'half'};
    const answer = await fetch(process.argv[2] + '/x', how);
    const back = new Uint8Array(await answer.arrayBuffer());
    if (back.length !== body.length || back.some((b, i) => b !== body[i])) process.exitCode = 1;
}
SCRIPT
node "$work/echo.mjs" "$url" || fail 'fetch with a body'
stop
exit $((failures > 0))
