# SPDX-License-Identifier: MIT
#
# Makes run-sync's table, or with json=1 its JSON, from two files: the measures, "KEY \t WORKERS \t
# OPERATION", and the rows, "KEY \t PEER \t ROUND \t NANOSECONDS ALLOCATIONS".
#
# A ratio is a peer's time to the last peer's in the same round; the median of the rounds is shown.

function sort(list, n,   i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
}

# The values of one figure into picked[], sorted; with `other`, their ratios to its values.
function pick(key, peer, other,   round, n, value) {
    split("", picked)
    for (round = 1; round <= rounds; round++) {
        if (!((key, peer, round) in ns)) continue
        value = ns[key, peer, round]
        if (other != "") {
            if (!(ns[key, other, round] > 0)) continue
            value /= ns[key, other, round]
        }
        picked[++n] = value
    }
    sort(picked, n)
    return n
}

function median(n) {
    return n % 2 ? picked[(n + 1) / 2] : (picked[n / 2] + picked[n / 2 + 1]) / 2
}

function print_table(   i, p, n, key, workers, title) {
    printf "%s\n%s\n%s\n", machine, weir, go == "" ? "no Go" : go
    printf "%d rounds; nanoseconds and heap allocations for one operation; ratio to %s\n", rounds,
        base
    for (i = 1; i <= keys; i++) {
        key = order[i]
        if (workers != workers_of[key]) {
            workers = workers_of[key]
            title = workers == 1 ? "one worker" : workers " workers"
            printf "\n%-36s %-11s %9s %9s %9s %7s %7s\n", title, "", "min", "median", "max",
                "allocs", "ratio"
        }
        for (p = 1; p <= peer_count; p++) {
            n = pick(key, peer_names[p])
            printf "%-36s %-11s ", p == 1 ? operation_of[key] : "", peer_names[p]
            if (!n) {
                print "        -"
                continue
            }
            printf "%9.1f %9.1f %9.1f %7.2f", picked[1], median(n), picked[n],
                allocations[key, peer_names[p]]
            n = pick(key, peer_names[p], base)
            if (n && peer_names[p] != base) printf " %7.2f", median(n)
            print ""
        }
    }
}

function print_json(   i, p, n, key, comma) {
    printf "{\"bench\":\"sync\",\"machine\":\"%s\",\"weir\":\"%s\",\"go\":\"%s\",\"rounds\":%d," \
        "\"results\":[", machine, weir, go, rounds
    for (i = 1; i <= keys; i++) {
        key = order[i]
        for (p = 1; p <= peer_count; p++) {
            n = pick(key, peer_names[p])
            if (!n) continue
            printf "%s\n{\"measure\":\"%s\",\"workers\":%d,\"peer\":\"%s\",\"min\":%.2f," \
                "\"median\":%.2f,\"max\":%.2f,\"allocations\":%.3f", comma, key, workers_of[key],
                peer_names[p], picked[1], median(n), picked[n], allocations[key, peer_names[p]]
            n = pick(key, peer_names[p], base)
            if (n && peer_names[p] != base) printf ",\"ratio\":%.3f", median(n)
            printf "}"
            comma = ","
        }
    }
    print "]}"
}

BEGIN {
    peer_count = split(peers, peer_names, " ")
    base = peer_names[peer_count]
}

FNR == NR {
    order[++keys] = $1
    workers_of[$1] = $2
    operation_of[$1] = $3
    next
}

{
    split($4, figures, " ")
    ns[$1, $2, $3] = figures[1]
    if (!(($1, $2) in allocations) || figures[2] > allocations[$1, $2])
        allocations[$1, $2] = figures[2]
}

END {
    if (json)
        print_json()
    else
        print_table()
}
