/* SPDX-License-Identifier: MIT
 *
 * A keeper's clock: the time, read once per batch of work, and the Date line made once per second
 * (RFC 9110 6.6.1).
 *
 * Actors: the keeper writes; its exchanges read, which are other threads on some engines.
 * Invariant: readers see a date that was written as a whole: `sequence` is odd while it changes.
 */
#ifndef HTTP_SERVER_CLOCK_H
#define HTTP_SERVER_CLOCK_H

#include <stdint.h>
#include <string.h>

#include <weir/base/time.h>
#include <weir/http/types/date.h>
#include <weir/io/clock.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" and CRLF, in words that are copied atomically. */
enum { WEIR_HTTP_DATE_LINE = WEIR_HTTP_DATE_LEN + 2, WEIR_HTTP_DATE_WORDS = 4 };

typedef struct weir_http_clock {
    int64_t now;       /* monotonic, at most about a second old while exchanges run */
    int64_t next_date; /* monotonic: when the date changes */
    uint32_t sequence;
    uint64_t date[WEIR_HTTP_DATE_WORDS];
} weir_http_clock;

/* Reads the time.  By the keeper. */
void weir_http_clock_tick(weir_io *io, weir_http_clock *clock);

/* The time at the last tick.  Any task of the keeper. */
static inline int64_t weir_http_clock_now(const weir_http_clock *clock)
{
    /* Pairs with the store in tick: only the value itself is wanted. */
    return __atomic_load_n(&clock->now, __ATOMIC_RELAXED);
}

/* Copies the date line to `out`, which has room for 32 bytes. */
static inline void weir_http_clock_date(const weir_http_clock *clock, char *out)
{
    for (;;) {
        /* Pairs with the two stores of sequence in tick: an even and unchanged number around the
         * loads says that the keeper wrote nothing in between. */
        const uint32_t before = __atomic_load_n(&clock->sequence, __ATOMIC_ACQUIRE);
        for (size_t i = 0; i < WEIR_HTTP_DATE_WORDS; i++) {
            const uint64_t word = __atomic_load_n(&clock->date[i], __ATOMIC_ACQUIRE);
            memcpy(out + i * sizeof word, &word, sizeof word);
        }
        const uint32_t after = __atomic_load_n(&clock->sequence, __ATOMIC_RELAXED);
        if (before == after && before % 2 == 0) return;
    }
}

#endif
