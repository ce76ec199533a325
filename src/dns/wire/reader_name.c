/* SPDX-License-Identifier: MIT
 *
 * Compressed names (RFC 1035 4.1.4): labels, and pointers to where the rest of the name is.
 *
 * A pointer is followed when it points behind the header and before the labels that led to it.
 * Invariant: each run of labels begins before the one that led to it, so a name ends; as pointers
 * may point at pointers, they are counted, so it ends soon.
 */
#include <weir/dns/wire/message.h>

#include <weir/base/error.h>

#include "dns/wire/header.h"
#include "dns/wire/octets.h"
#include "dns/wire/word.h"

enum { POINTERS_MAX = WEIR_DNS_LABELS_MAX };

/* A walk along the labels of a name. */
typedef struct name_walk {
    const uint8_t *message;
    size_t len; /* of the message */
    size_t at;  /* of the next label */
    size_t run; /* where the labels began that are being walked along */
    size_t end; /* of the name where it stands; 0 before its first pointer */
    unsigned pointers;
} name_walk;

/* Follows the pointers at the walk's place, until there is a label.  Returns its length, 0 for the
 * root; WEIR_EDNS_MESSAGE. */
static inline int next_label(name_walk *walk)
{
    for (;;) {
        if (walk->at >= walk->len) return WEIR_EDNS_MESSAGE;
        const uint8_t length = walk->message[walk->at];
        if (length <= WEIR_DNS_LABEL_MAX)
            return length < walk->len - walk->at ? length : WEIR_EDNS_MESSAGE;
        /* 01 and 10 were never labels that anybody sent (RFC 6891 5). */
        if (length < POINTER || walk->len - walk->at < 2) return WEIR_EDNS_MESSAGE;
        const size_t target = octets_get16(walk->message + walk->at) & POINTER_MAX;
        if (target >= walk->run || target < WEIR_DNS_HEADER) return WEIR_EDNS_MESSAGE;
        if (++walk->pointers > POINTERS_MAX) return WEIR_EDNS_MESSAGE;
        if (walk->end == 0) walk->end = walk->at + 2;
        walk->at = walk->run = target;
    }
}

static inline name_walk walk_from(const weir_dns_reader *reader, size_t at)
{
    return (name_walk){(const uint8_t *)reader->message.data, reader->message.len, at, at, 0, 0};
}

int weir_dns_reader_name(const weir_dns_reader *reader, size_t at, weir_dns_name *out)
{
    enum { BLOCK = 32 };
    name_walk walk = walk_from(reader, at);
    size_t len = 0;
    int label;
    out->len = 0;
    while ((label = next_label(&walk)) > 0) {
        const size_t take = 1u + (unsigned)label;
        const uint8_t *from = walk.message + walk.at;
        if (len + take >= WEIR_DNS_NAME_MAX) return WEIR_EDNS_MESSAGE;
        /* Most labels are short, and a copy of fixed size costs least; what is copied behind the
         * label is overwritten or not looked at. */
        if (take <= BLOCK && walk.len - walk.at >= BLOCK && WEIR_DNS_NAME_MAX - len >= BLOCK)
            memcpy(out->octets + len, from, BLOCK);
        else
            memcpy(out->octets + len, from, take);
        len += take;
        walk.at += take;
    }
    if (label < 0) return label;
    out->octets[len++] = 0;
    out->len = (uint8_t)len;
    return (int)((walk.end ? walk.end : walk.at + 1) - at);
}

bool weir_dns_reader_name_is(const weir_dns_reader *reader, size_t at, const weir_dns_name *name)
{
    name_walk walk = walk_from(reader, at);
    size_t compared = 0;
    int label;
    while ((label = next_label(&walk)) > 0) {
        const size_t take = 1u + (unsigned)label, left = name->len - compared;
        if (take >= left) return false;
        /* Mostly all that is left stands here in one piece, down to the root. */
        if (walk.at == walk.run && left <= walk.len - walk.at &&
            octets_same(walk.message + walk.at, name->octets + compared, left))
            return true;
        if (!octets_same(walk.message + walk.at, name->octets + compared, take)) return false;
        compared += take;
        walk.at += take;
    }
    return label == 0 && compared + 1 == name->len;
}
