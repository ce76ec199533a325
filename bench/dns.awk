# SPDX-License-Identifier: MIT
#
# Makes the table of run-dns's part `ask`, or with json=1 a line for each client, from rows "CLIENT
# ROUND WALL USER KERNEL" (seconds of a whole process that made `lookups` lookups).
#
# A ratio is between rates of one round; the median of the rounds is shown.

function sort(list, n,   i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
}

function median(n) {
    return n % 2 ? picked[(n + 1) / 2] : (picked[n / 2] + picked[n / 2 + 1]) / 2
}

# The rates of a client into picked[], sorted; with `other`, their ratios to its rates.
function pick(client, other,   round, n) {
    split("", picked)
    for (round = 1; round <= last; round++)
        if ((client, round) in rate && (other == "" || (other, round) in rate))
            picked[++n] = rate[client, round] / (other == "" ? 1 : rate[other, round])
    sort(picked, n)
    return n
}

function ratio(client, other,   n) {
    n = pick(client, other)
    return n ? sprintf("%.2f", median(n)) : "-"
}

{
    rate[$1, $2] = lookups / ($4 + $5)
    user[$1] += $4
    kernel[$1] += $5
    wall[$1] += $3
    rounds[$1]++
    if ($2 > last) last = $2
}

END {
    clients = split(order, client, " ")
    if (!json) {
        printf "ask: %d lookups of A, each of another name, %d at a time, from unbound on loopback\n",
            lookups, flight
        printf "%-14s  %-29s  %8s %8s  %8s %8s %5s\n", "", "lookups / client-CPU-second", "user",
            "kernel", "ratio to", "to", "CPU"
        printf "%-14s  %9s %9s %9s  %8s %8s  %8s %8s %5s\n", "client", "min", "median", "max",
            "us each", "us each", "c-ares", "dnsperf", "%"
    }
    for (i = 1; i <= clients; i++) {
        name = client[i]
        n = pick(name)
        if (!n) continue
        total = rounds[name] * lookups / 1e6
        busy = 100 * (user[name] + kernel[name]) / wall[name]
        if (json) {
            printf "{\"client\":\"%s\",\"per_cpu\":{\"min\":%.0f,\"median\":%.0f,\"max\":%.0f}", name,
                picked[1], median(n), picked[n]
            printf ",\"user_us\":%.3f,\"kernel_us\":%.3f,\"to_cares\":\"%s\",\"to_dnsperf\":\"%s\"}\n",
                user[name] / total, kernel[name] / total, ratio(name, "c-ares"), ratio(name, "dnsperf")
        } else {
            printf "%-14s  %9d %9d %9d  %8.2f %8.2f", name, picked[1], median(n), picked[n],
                user[name] / total, kernel[name] / total
            printf "  %8s %8s %5.0f\n", ratio(name, "c-ares"), ratio(name, "dnsperf"), busy
        }
    }
}
