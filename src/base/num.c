/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, one loop for both bases.
 */
#include <weir/base/num.h>

#include <weir/base/error.h>

/* The value of a digit; 16 for what is none. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
    return 16;
}

static int parse(weir_bytes text, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    bool over = false;
    if (text.len == 0) return WEIR_EINVAL;
    /* Looks at every digit even when the limit is passed: what is no number is told so. */
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = digit_value(text.data[i]);
        if (digit >= base) return WEIR_EINVAL;
        over = over || __builtin_mul_overflow(value, base, &value) ||
               __builtin_add_overflow(value, digit, &value);
    }
    if (over || value > max) return WEIR_ELIMIT;
    *out = value;
    return 0;
}

static size_t print(uint64_t value, unsigned base, char *out)
{
    size_t len = 1;
    for (uint64_t rest = value; rest >= base; rest /= base) len++;
    out[len] = '\0';
    for (size_t i = len; i-- > 0; value /= base) out[i] = "0123456789abcdef"[value % base];
    return len;
}

int weir_decimal_parse(weir_bytes text, uint64_t max, uint64_t *out)
{
    return parse(text, 10, max, out);
}

int weir_hex_parse(weir_bytes text, uint64_t max, uint64_t *out)
{
    return parse(text, 16, max, out);
}

size_t weir_decimal_print(uint64_t value, char *out)
{
    return print(value, 10, out);
}

size_t weir_hex_print(uint64_t value, char *out)
{
    return print(value, 16, out);
}
