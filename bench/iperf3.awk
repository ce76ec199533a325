# SPDX-License-Identifier: MIT
#
# Makes the line of a load from what `iperf3 --json` prints at its end; scenario says which side is
# measured, "send" or "receive".

function number(name,   at) {
    at = index(text, "\"" name "\":")
    if (!at) return 0
    return substr(text, at + length(name) + 3) + 0
}

{ text = text $0 }

END {
    gsub(/[ \t]/, "", text)
    text = substr(text, index(text, "\"end\":"))
    side = scenario == "send" ? "host" : "remote"
    seconds = number("seconds")
    bytes = number("bytes")
    lost = number("lost_percent") / 100
    other = number((side == "host" ? "remote" : "host") "_total") / 100
    if (scenario == "receive") bytes *= 1 - lost
    if (seconds <= 0 || bytes <= 0) exit 1
    printf "{\"mode\":\"%s\",\"connections\":1,\"seconds\":%.4f,\"requests\":%.3f,\"rate\":%.3f,", \
        scenario, seconds, bytes / 1e6, bytes / 1e6 / seconds
    if (scenario == "receive") printf "\"lost\":%.3f,", bytes / 1e6 * lost / (1 - lost)
    printf "\"load_cpu\":%.3f,\"server_user_s\":%.3f,\"server_kernel_s\":%.3f}\n", other, \
        number(side "_user") * seconds / 100, number(side "_system") * seconds / 100
}
