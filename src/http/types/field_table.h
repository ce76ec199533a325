/* SPDX-License-Identifier: MIT
 *
 * The look-up of known field names for the parser, and their spelling for the
 * serializer.
 *
 * A name is hashed from its length and two neighbours in its middle, of which
 * the second may be the byte after it, the colon.  Invariant: no two names of
 * the list share a hash, so that one comparison settles it.  The comparison is
 * exact for any bytes, so a name found here needs no check that it is a token.
 * A new name that collides needs other factors; the test says so.
 */
#ifndef WEIR_HTTP_TYPES_FIELD_TABLE_H
#define WEIR_HTTP_TYPES_FIELD_TABLE_H

#include <weir/http/types/field.h>

#include "http/types/chars.h"

typedef struct weir_http_field_entry {
    char text[31]; /* "Name: ", padded with NUL so that it can be copied whole */
    uint8_t len;   /* of the name */
} weir_http_field_entry;

extern const weir_http_field_entry weir_http_field_table[WEIR_HTTP_FIELD_IDS];
extern const uint8_t weir_http_field_hash[256]; /* hash -> id, OTHER where no name lands */

/* The bit that tells upper from lower case, for each letter of a word. */
static inline uint64_t weir_http_case_bits(uint64_t word)
{
    /* Names of the list hold letters (0x40 and up), digits and "-" (below). */
    return (word & WEIR_HTTP_ONES * 0x40) >> 1;
}

static inline bool weir_http_word_is_name(const char *text, const char *name)
{
    uint64_t known = weir_http_load8(name);
    return ((weir_http_load8(text) ^ known) & ~weir_http_case_bits(known)) == 0;
}

static inline bool weir_http_half_is_name(const char *text, const char *name)
{
    uint32_t known = weir_http_load4(name);
    return ((weir_http_load4(text) ^ known) & ~(uint32_t)weir_http_case_bits(known)) == 0;
}

/* Whether `text` is `name`, of the same length, letters without case; `name` is made of letters,
 * digits and "-". */
static inline bool weir_http_is_name(const char *text, const char *name, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8)
            if (!weir_http_word_is_name(text + i, name + i)) return false;
        return weir_http_word_is_name(text + len - 8, name + len - 8);
    }
    if (len >= 4)
        return weir_http_half_is_name(text, name) &&
               weir_http_half_is_name(text + len - 4, name + len - 4);
    for (size_t i = 0; i < len; i++)
        if (((text[i] ^ name[i]) & ~((name[i] & 0x40) >> 1)) != 0) return false;
    return true;
}

/* The only id that a name of `len` bytes can have; OTHER when it can have none. Of an empty name,
 * two bytes are read; of others at most one after the name. */
static inline unsigned weir_http_field_guess(const char *name, size_t len)
{
    uint16_t middle;
    memcpy(&middle, name + len * 9 / 16, 2);
    const uint32_t word = (uint32_t)len << 16 | middle | 0x2020;
    return weir_http_field_hash[word * 0xEA208F5DU >> 24];
}

/* The id of a name, which has a byte after it. */
static inline weir_http_field_id weir_http_field_lookup(const char *name, size_t len)
{
    if (len == 0) return WEIR_HTTP_FIELD_OTHER;
    const unsigned id = weir_http_field_guess(name, len);
    const weir_http_field_entry *entry = &weir_http_field_table[id];
    if (entry->len != len || !weir_http_is_name(name, entry->text, len))
        return WEIR_HTTP_FIELD_OTHER;
    return (weir_http_field_id)id;
}

#endif
