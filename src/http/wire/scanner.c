/* SPDX-License-Identifier: MIT
 *
 * Which scanner reads heads on this machine: chosen once, by what the processor can do.
 */
#include <stdatomic.h>

#include "http/wire/scan.h"

static const weir_http_scanner scalar = {"scalar", NULL};

#ifdef __x86_64__

extern const weir_http_scanner weir_http_scanner_sse42, weir_http_scanner_avx2,
    weir_http_scanner_avx512;

static size_t find_vector_scanners(const weir_http_scanner **found)
{
    size_t count = 0;
    __builtin_cpu_init();
    bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (bits && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi"))
        found[count++] = &weir_http_scanner_avx512;
    if (bits && __builtin_cpu_supports("avx2")) found[count++] = &weir_http_scanner_avx2;
    if (__builtin_cpu_supports("sse4.2")) found[count++] = &weir_http_scanner_sse42;
    return count;
}

#elif defined(__aarch64__)

extern const weir_http_scanner weir_http_scanner_neon;

static size_t find_vector_scanners(const weir_http_scanner **found)
{
    found[0] = &weir_http_scanner_neon;
    return 1;
}

#else

static size_t find_vector_scanners(const weir_http_scanner **found)
{
    (void)found;
    return 0;
}

#endif

/* Written once before main, then only read. */
static const weir_http_scanner *scanners[5] = {&scalar};
static const weir_http_scanner *_Atomic chosen = &scalar;

__attribute__((constructor)) static void choose(void)
{
    scanners[find_vector_scanners(scanners)] = &scalar;
    weir_http_scanner_use(NULL);
}

const weir_http_scanner *const *weir_http_scanners(void)
{
    return scanners;
}

const weir_http_scanner *weir_http_scanner_chosen(void)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed);
}

void weir_http_scanner_use(const weir_http_scanner *scanner)
{
    atomic_store_explicit(&chosen, scanner ? scanner : scanners[0], memory_order_relaxed);
}

const char *weir_http_parser_scanner(void)
{
    return weir_http_scanner_chosen()->name;
}
