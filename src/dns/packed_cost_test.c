/* SPDX-License-Identifier: MIT
 *
 * What may a message of 64 KiB cost whose names take long to compare?
 */
#include "dns/packed.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "test/harness/test.h"

enum { ROOM = 65535, LABELS = 126 };

typedef struct hostile {
    size_t len;
    unsigned records;
    weir_dns_name name; /* of 126 labels, each "a" */
    uint8_t octets[ROOM];
} hostile;

static void put16(hostile *h, size_t value)
{
    h->octets[h->len++] = (uint8_t)(value >> 8);
    h->octets[h->len++] = (uint8_t)value;
}

/* The fixed part of a record after its name. */
static void put_record(hostile *h, unsigned type, size_t data)
{
    put16(h, type);
    put16(h, WEIR_DNS_CLASS_IN);
    put16(h, 0);
    put16(h, 60);
    put16(h, data);
    h->records++;
}

/* A message that answers a question for the name's A records, and has within a record of another
 * type a name of as many labels, each with a pointer to the one before; the first of them, the
 * name's last, is `last`.  Returns where that name is. */
static size_t begin(hostile *h, uint8_t last)
{
    char text[2 * LABELS + 1] = "";
    for (size_t i = 0; i < 2 * LABELS; i++) text[i] = i % 2 ? '.' : 'a';
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &h->name) >= 0);
    memset(h->octets, 0, WEIR_DNS_HEADER);
    h->octets[2] = 0x80;
    h->octets[5] = 1;
    h->len = WEIR_DNS_HEADER;
    h->records = 0;
    memcpy(h->octets + h->len, h->name.octets, h->name.len);
    h->len += h->name.len;
    put16(h, WEIR_DNS_A);
    put16(h, WEIR_DNS_CLASS_IN);
    put16(h, 0xc00c);
    put_record(h, 65280, 3 + 4 * (LABELS - 1));
    size_t before = h->len;
    put16(h, 0x100 | last);
    h->octets[h->len++] = 0;
    for (int i = 1; i < LABELS; i++) {
        const size_t at = h->len;
        put16(h, 0x100 | 'a');
        put16(h, 0xc000 | before);
        before = at;
    }
    return before;
}

/* Fills the message with A records of two names in turn.  Returns what it comes to. */
static int digest(hostile *h, size_t one, size_t other, dns_packed_head *head)
{
    while (h->len + 16 <= ROOM) {
        put16(h, 0xc000 | (h->records % 2 ? one : other));
        put_record(h, WEIR_DNS_A, 4);
        put16(h, 0xc000);
        put16(h, 0x0201);
    }
    h->octets[6] = (uint8_t)(h->records >> 8);
    h->octets[7] = (uint8_t)h->records;
    dns_packed packed;
    weir_dns_packed_init(&packed);
    const int error =
        weir_dns_packed_digest(&packed, weir_bytes_of(h->octets, h->len), &h->name, WEIR_DNS_A);
    if (!error) *head = weir_dns_packed_read(packed.octets);
    weir_dns_packed_free(&packed);
    return error;
}

/* Each comparison goes through 126 pointers, and fails at the end. */
TEST(packed_cost_of_scattered_names_is_bounded)
{
    hostile *h = malloc(sizeof *h);
    dns_packed_head head;
    const size_t name = begin(h, 'b');
    assert_int_equal(digest(h, name, name - 4, &head), WEIR_EDNS_ANSWER);
    free(h);
}

/* A name that all records point to is compared once. */
TEST(packed_cost_of_one_scattered_name_is_that_of_a_record)
{
    hostile *h = malloc(sizeof *h);
    dns_packed_head head;
    size_t name = begin(h, 'b');
    assert_int_equal(digest(h, name, name, &head), 0);
    assert_int_equal(head.outcome, DNS_OUTCOME_NODATA);
    name = begin(h, 'a');
    assert_int_equal(digest(h, name, name, &head), 0);
    assert_int_equal(head.outcome, DNS_OUTCOME_RECORDS);
    assert_int_equal(head.records, DNS_RECORDS);
    free(h);
}
