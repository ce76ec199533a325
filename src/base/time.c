/* SPDX-License-Identifier: MIT
 *
 * Durations as text.
 */
#include <weir/base/time.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((uint64_t)1000000000)
#define MINUTE (60 * SECOND)

typedef struct unit {
    uint64_t ns;
    const char *name;
} unit;

/* "1.5 ms": one unit and three decimals of it. */
static void print_short(uint64_t ns, char *out, size_t size)
{
    static const unit units[] = {{SECOND, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    const unit *u = units;
    while (u->ns > ns) u++;
    const unsigned thousandths = u->ns > 1 ? (unsigned)(ns % u->ns / (u->ns / 1000)) : 0;
    char decimals[8] = "";
    if (thousandths) {
        snprintf(decimals, sizeof decimals, ".%03u", thousandths % 1000);
        for (char *last = decimals + 3; *last == '0'; last--) *last = 0;
    }
    snprintf(out, size, "%" PRIu64 "%s %s", ns / u->ns, decimals, u->name);
}

/* "2 h 3 min": a unit and the next smaller. */
static void print_long(uint64_t ns, char *out, size_t size)
{
    static const unit units[] = {
        {24 * 60 * MINUTE, "d"}, {60 * MINUTE, "h"}, {MINUTE, "min"}, {SECOND, "s"}};
    const unit *u = units;
    while (u->ns > ns) u++;
    const uint64_t rest = ns % u->ns / u[1].ns;
    if (rest) {
        snprintf(out, size, "%" PRIu64 " %s %" PRIu64 " %s", ns / u->ns, u->name, rest, u[1].name);
    } else {
        snprintf(out, size, "%" PRIu64 " %s", ns / u->ns, u->name);
    }
}

size_t weir_duration_print(weir_duration d, char *out, size_t size)
{
    char text[64] = "-", *magnitude = text + (d.ns < 0);
    const size_t room = sizeof text - 1;
    const uint64_t ns = d.ns < 0 ? 0 - (uint64_t)d.ns : (uint64_t)d.ns;
    if (d.ns == WEIR_FOREVER_NS || d.ns == INT64_MIN) {
        strcpy(magnitude, "forever");
    } else if (ns == 0) {
        strcpy(magnitude, "0 s");
    } else if (ns < MINUTE) {
        print_short(ns, magnitude, room);
    } else {
        print_long(ns, magnitude, room);
    }
    const size_t length = strlen(text);
    if (size) {
        const size_t kept = length < size ? length : size - 1;
        memcpy(out, text, kept);
        out[kept] = 0;
    }
    return length;
}
