/* SPDX-License-Identifier: MIT
 *
 * The keeper's clock: reading the time and writing the date line.
 */
#include "http/server/clock.h"

void weir_http_clock_tick(weir_io *io, weir_http_clock *clock)
{
    const int64_t second = 1000000000;
    const int64_t now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    /* Pairs with the load in weir_http_clock_now. */
    __atomic_store_n(&clock->now, now, __ATOMIC_RELAXED);
    if (now < clock->next_date) return;

    const int64_t real = weir_now(io, WEIR_CLOCK_REAL).ns;
    union {
        char text[8 * WEIR_HTTP_DATE_WORDS];
        uint64_t words[WEIR_HTTP_DATE_WORDS];
    } line = {.text = "Thu, 01 Jan 1970 00:00:00 GMT"};
    weir_http_date_format(real / second, line.text);
    memcpy(line.text + WEIR_HTTP_DATE_LEN, "\r\n", 3);

    /* Pairs with the loads in weir_http_clock_date: readers who meet an odd number try again. */
    __atomic_store_n(&clock->sequence, clock->sequence + 1, __ATOMIC_RELAXED);
    for (int i = 0; i < WEIR_HTTP_DATE_WORDS; i++)
        __atomic_store_n(&clock->date[i], line.words[i], __ATOMIC_RELEASE);
    __atomic_store_n(&clock->sequence, clock->sequence + 1, __ATOMIC_RELEASE);
    clock->next_date = now + second - real % second;
}
