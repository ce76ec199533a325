# SPDX-License-Identifier: MIT
#
# Makes the table, or with json=1 the JSON, from rows "SCENARIO \t SERVER \t ROUND \t LINE", where
# LINE is the result of bench_load; the scenario "failed" carries a reason instead.
#
# Ratios are between values of one round, because a shared machine drifts from round to round.
# User and kernel time are pooled over the rounds: the kernel samples them a few hundred times a
# second, so one round holds few samples.

function number(name) {
    if (!match($4, "\"" name "\":[-0-9.]+")) return 0
    return substr($4, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
}

function has(name) { return index($4, "\"" name "\":") > 0 }

# Sorts the values list[1..n].
function sort(list, n,   i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
}

# The values of one figure into picked[], sorted; with `other`, their ratios to its values.
function pick(scenario, server, figure, other,   round, n, value, base) {
    split("", picked)
    for (round = 1; round <= last_round; round++) {
        if (!((scenario, server, figure, round) in values)) continue
        value = values[scenario, server, figure, round]
        if (other != "") {
            if (!((scenario, other, figure, round) in values)) continue
            base = values[scenario, other, figure, round]
            if (base <= 0) continue
            value /= base
        }
        picked[++n] = value
    }
    sort(picked, n)
    return n
}

function median(scenario, server, figure, other,   n) {
    n = pick(scenario, server, figure, other)
    if (!n) return ""
    return n % 2 ? picked[(n + 1) / 2] : (picked[n / 2] + picked[n / 2 + 1]) / 2
}

function spread(scenario, server, figure, other) {
    middle = median(scenario, server, figure, other)
    if (middle == "") return 0
    lowest = picked[1]
    for (highest = 1; (highest + 1) in picked; highest++) ;
    highest = picked[highest]
    return 1
}

function thousands(value,   text, out) {
    text = sprintf("%.0f", value)
    while (length(text) > 3 && text ~ /^[0-9]+$/) {
        out = "," substr(text, length(text) - 2) out
        text = substr(text, 1, length(text) - 3)
    }
    return text out
}

function main_figure(scenario) { return scenario == "idle" ? "bytes" : "per_cpu" }

function pooled(scenario, server, figure) {
    return sum[scenario, server, figure] * 1e6 / (sum[scenario, server, "requests"] + 1e-9)
}

# In a closed loop the server or the load is the limit; when neither has its processor for itself,
# somebody else is at work.
function is_disturbed(scenario,   i) {
    for (i = 1; i <= servers; i++)
        if (median(scenario, name[i], "busy") != "" && median(scenario, name[i], "busy") < 85 &&
            median(scenario, name[i], "load") < 85) return 1
    return 0
}

# Large units are few, and shown with their decimals.
function amount(value) {
    return unit == "MB" && value < 100 ? sprintf("%.2f", value) : thousands(value)
}

function load_table(scenario,   i, server) {
    printf "%-14s %9s  %-29s  %7s %8s %7s %8s %4s %6s\n", "", "", \
        units() " / server-CPU-second", "user", "kernel", "p50", "p99", "CPU", "lost"
    printf "%-14s %9s  %9s %9s %9s  %7s %8s %7s %8s %4s %6s\n", "server", "rate/s", "min", \
        "median", "max", "us each", "us each", "us", "us", "%", "%"
    for (i = 1; i <= servers; i++) {
        server = name[i]
        if (!spread(scenario, server, "per_cpu")) continue
        printf "%-14s %9s  %9s %9s %9s", server, amount(median(scenario, server, "rate")), \
            amount(lowest), amount(middle), amount(highest)
        printf "  %7.2f %8.2f %7s %8s %4.0f %6s\n", pooled(scenario, server, "user"), \
            pooled(scenario, server, "kernel"), known(scenario, server, "p50"), \
            known(scenario, server, "p99"), median(scenario, server, "busy"), \
            known(scenario, server, "lost")
    }
}

# Not every load knows every figure.
function known(scenario, server, figure,   value) {
    value = median(scenario, server, figure)
    return value == "" ? "-" : sprintf("%.0f", value)
}

function units() { return unit == "MB" ? unit : unit "s" }

function is_compared(scenario, i) { return median(scenario, peer[i], "per_cpu") != "" }

function ratio_table(scenario,   i, j, server) {
    printf "\n%-14s", "ratio of rounds"
    for (j = 1; j <= peers; j++)
        if (is_compared(scenario, j)) printf "  %-18s", "to " peer[j]
    printf "\n%-14s", ""
    for (j = 1; j <= peers; j++)
        if (is_compared(scenario, j)) printf "  %5s %5s %5s ", "min", "med", "max"
    print ""
    for (i = 1; i <= servers; i++) {
        server = name[i]
        if (median(scenario, server, "per_cpu") == "") continue
        printf "%-14s", server
        for (j = 1; j <= peers; j++)
            if (is_compared(scenario, j) && spread(scenario, server, "per_cpu", peer[j]))
                printf "  %5.2f %5.2f %5.2f ", lowest, middle, highest
        print ""
    }
}

function idle_table(   i) {
    printf "%-13s %9s %9s %9s   (bytes)\n", "server", "min", "median", "max"
    for (i = 1; i <= servers; i++)
        if (spread("idle", name[i], "bytes"))
            printf "%-13s %9s %9s %9s\n", name[i], thousands(lowest), thousands(middle), \
                thousands(highest)
}

function bars(scenario, figure,   i, most, value, length_) {
    for (i = 1; i <= servers; i++) {
        value = median(scenario, name[i], figure)
        if (value != "" && value > most) most = value
    }
    print ""
    for (i = 1; i <= servers && most > 0; i++) {
        value = median(scenario, name[i], figure)
        if (value == "") continue
        length_ = int(value / most * 50 + 0.5)
        printf "%-14s %9s  %s\n", name[i], amount(value), substr(hashes, 1, length_)
    }
}

function print_tables(   i, scenario) {
    print title
    print machine
    for (i = 1; i <= scenarios; i++) {
        scenario = scenario_name[i]
        printf "\n%s\n", describe(scenario)
        if (scenario == "idle") idle_table()
        else {
            load_table(scenario)
            ratio_table(scenario)
        }
        if (scenario != "idle" && is_disturbed(scenario))
            print "The machine was busy with something else: take these figures as preliminary."
        bars(scenario, main_figure(scenario))
    }
    for (i = 1; i <= servers; i++)
        if (name[i] in reason) printf "\n%s: %s\n", name[i], reason[name[i]]
}

function describe(scenario,   text) {
    if (scenario == "idle")
        return sprintf("idle: growth of resident memory per connection, %d connections, each " \
                       "after one request", connections["idle"])
    text = scenario ": " connections[scenario] " connections"
    if (depth[scenario] > 1) text = text ", " depth[scenario] " requests in one write"
    return text sprintf("; rounds of %g s: %d", seconds, rounds)
}

function print_json(   i, j, comma, server, scenario) {
    printf "{\"title\":\"%s\",\"machine\":\"%s\",\"unit\":\"%s\",\"results\":[", title, machine, \
        unit
    for (i = 1; i <= scenarios; i++) {
        scenario = scenario_name[i]
        for (j = 1; j <= servers; j++) {
            server = name[j]
            if (!spread(scenario, server, main_figure(scenario))) continue
            printf "%s\n{\"scenario\":\"%s\",\"server\":\"%s\",\"figure\":\"%s\",\"min\":%.1f," \
                "\"median\":%.1f,\"max\":%.1f", comma, scenario, server, main_figure(scenario), \
                lowest, middle, highest
            if (scenario != "idle") json_load(scenario, server)
            printf "}"
            comma = ","
        }
    }
    printf "],\n\"failed\":["
    comma = ""
    for (i = 1; i <= servers; i++)
        if (name[i] in reason) {
            printf "%s{\"server\":\"%s\",\"reason\":\"%s\"}", comma, name[i], reason[name[i]]
            comma = ","
        }
    print "]}"
}

function json_load(scenario, server,   i) {
    printf ",\"rate\":%.1f,\"user_us\":%.3f,\"kernel_us\":%.3f", median(scenario, server, "rate"), \
        pooled(scenario, server, "user"), pooled(scenario, server, "kernel")
    json_known(scenario, server, "p50_us", "p50")
    json_known(scenario, server, "p99_us", "p99")
    json_known(scenario, server, "lost_percent", "lost")
    printf ",\"server_cpu\":%.0f,\"load_cpu\":%.0f", median(scenario, server, "busy"), \
        median(scenario, server, "load")
    for (i = 1; i <= peers; i++)
        if (spread(scenario, server, "per_cpu", peer[i]))
            printf ",\"to_%s\":[%.3f,%.3f,%.3f]", peer[i], lowest, middle, highest
}

function json_known(scenario, server, key, figure,   value) {
    value = median(scenario, server, figure)
    if (value != "") printf ",\"%s\":%.2f", key, value
}

function note(figure, value) { values[$1, $2, figure, $3] = value }

BEGIN {
    FS = "\t"
    servers = split(order, name, " ")
    peers = split(against, peer, " ")
    hashes = "##################################################"
}

$1 == "failed" { reason[$2] = $4; next }

!($1 in connections) {
    scenario_name[++scenarios] = $1
    connections[$1] = number("connections")
    depth[$1] = number("depth")
}

{ if ($3 > last_round) last_round = $3 + 0 }

$1 == "idle" { note("bytes", number("bytes_per_connection")); next }

{
    user = number("server_user_s")
    kernel = number("server_kernel_s")
    note("rate", number("rate"))
    if (user + kernel > 0) note("per_cpu", number("requests") / (user + kernel))
    note("busy", 100 * (user + kernel) / number("seconds"))
    note("load", 100 * number("load_cpu"))
    if (has("p50_us")) note("p50", number("p50_us"))
    if (has("p99_us")) note("p99", number("p99_us"))
    lost = number("lost")
    if (has("lost")) note("lost", 100 * lost / (number("requests") + lost + 1e-9))
    sum[$1, $2, "user"] += user
    sum[$1, $2, "kernel"] += kernel
    sum[$1, $2, "requests"] += number("requests")
}

END { if (json) print_json(); else print_tables() }
