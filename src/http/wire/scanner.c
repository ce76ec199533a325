/* SPDX-License-Identifier: MIT
 *
 * Which scanner reads heads on this machine: chosen once, by what the processor can do.
 */
#include <stdatomic.h>

#include "http/wire/scan_marks.h"

#ifdef __x86_64__

extern const weir_http_scanner weir_http_scanner_sse42, weir_http_scanner_avx2,
    weir_http_scanner_avx512;

static size_t find_vector_scanners(const weir_http_scanner **found)
{
    size_t count = 0;
    __builtin_cpu_init();
    bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (bits && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
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
static const weir_http_scanner *scanners[5] = {&weir_http_scanner_scalar};
static const weir_http_scanner *_Atomic chosen = &weir_http_scanner_scalar;

__attribute__((constructor)) static void choose(void)
{
    scanners[find_vector_scanners(scanners)] = &weir_http_scanner_scalar;
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

size_t weir_http_take(weir_http_parser *parser, const char *data, size_t end)
{
    /* Vectors are slower where there is no more than a block for them. */
    if (end <= BLOCK) return weir_http_scanner_scalar.take(parser, data, end);
    return atomic_load_explicit(&chosen, memory_order_relaxed)->take(parser, data, end);
}

void weir_http_scanner_use(const weir_http_scanner *scanner)
{
    atomic_store_explicit(&chosen, scanner ? scanner : scanners[0], memory_order_relaxed);
}

const char *weir_http_parser_scanner(void)
{
    return weir_http_scanner_chosen()->name;
}

#define TWICE(...)               \
    {                            \
        __VA_ARGS__, __VA_ARGS__ \
    }
#define EIGHT(byte) byte, byte, byte, byte, byte, byte, byte, byte
#define BITS        1, 2, 4, 8, 16, 32, 64, 128
#define ALL(byte)                                          \
    {                                                      \
        EIGHT(byte), EIGHT(byte), EIGHT(byte), EIGHT(byte) \
    }

const weir_http_vectors weir_http_vector_constants __attribute__((aligned(32))) = {
    .token_sets = TWICE(0xE8, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC, 0xF8, 0xF8, 0xF4, 0x54,
                        0xD0, 0x54, 0xF4, 0x70),
    .half_bits = {BITS, BITS, BITS, BITS},
    .half_mask = ALL(0x0F),
    .control_max = ALL(0x1F),
    .tab = ALL('\t'),
    .del = ALL(0x7F),
    .graphic_min = ALL('!'),
    .number_sign = ALL('#'),
    .colon = ALL(':'),
    .counted = {EIGHT(0xDF), EIGHT(0xDF), EIGHT(0xDF), EIGHT(0xDF), 0xDF, 0xDF},
};
