/* SPDX-License-Identifier: MIT
 *
 * Does every text that is read as a name print to a text that is read as the same one; has every
 * other its fault within it; are hosts the same as text and as names; and do equality, order and
 * hash of two names agree?
 *
 *     input = text, or two texts with a line feed between them
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/name.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static bool is_same(const weir_dns_name *a, const weir_dns_name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static void check_print(const weir_dns_name *name)
{
    char text[WEIR_DNS_NAME_TEXT];
    weir_dns_name back;
    size_t len = weir_dns_name_print(name, text);
    require(len < sizeof text && strlen(text) == len && text[len - 1] == '.');
    require(weir_dns_name_parse(weir_bytes_of(text, len), &back) == 1 && is_same(name, &back));
    len = weir_dns_name_print_host(name, text);
    require(strlen(text) == len);
    require(weir_dns_name_parse(weir_bytes_of(text, len), &back) == (name->len == 1));
    require(is_same(name, &back));
}

/* The labels, taken off one by one. */
static void check_parts(const weir_dns_name *name)
{
    weir_dns_name rest = *name, low = *name;
    const unsigned labels = weir_dns_name_labels(name);
    size_t len = 1;
    require(labels <= WEIR_DNS_LABELS_MAX);
    for (unsigned i = 0; i < labels; i++) {
        const weir_bytes label = weir_dns_name_label(name, i);
        require(label.len >= 1 && label.len <= WEIR_DNS_LABEL_MAX);
        require(weir_bytes_equal(label, weir_dns_name_label(&rest, 0)));
        require(weir_dns_name_within(name, &rest));
        require(i == 0 || !weir_dns_name_within(&rest, name));
        require(weir_dns_name_parent(&rest, &rest));
        len += 1 + label.len;
    }
    require(len == name->len && rest.len == 1 && !weir_dns_name_parent(&rest, &rest));
    require(weir_dns_name_within(name, &rest) && weir_dns_name_label(name, labels).len == 0);
    weir_dns_name_lower(&low);
    require(weir_dns_name_equal(name, &low));
}

static void check_reverse(const weir_dns_name *name)
{
    uint8_t address[16];
    weir_dns_name again;
    const size_t len = weir_dns_name_reversed(name, address);
    if (len == 0) return;
    weir_dns_name_reverse(address, len, &again);
    uint8_t back[16];
    const size_t back_len = weir_dns_name_reversed(&again, back);
    /* An IPv4-mapped address goes by its IPv4 address. */
    require(back_len == len ? weir_dns_name_equal(name, &again) : len == 16 && back_len == 4);
    require(memcmp(back, address + len - back_len, back_len) == 0);
}

static void check_host(weir_bytes text, const weir_dns_name *name)
{
    for (unsigned flags = 0; flags < 4; flags++) {
        weir_dns_name_why why;
        const bool host = weir_dns_host_check(text, flags, &why) == 0;
        require(host == (why.fault == WEIR_DNS_NAME_GOOD) && why.at <= text.len);
        require(!host || name);
        const bool plain = text.len > 0 && !memchr(text.data, '\\', text.len);
        if (name && plain) require(weir_dns_name_is_host(name, flags) == host);
        if (flags == 0) require(weir_dns_host_same(text, text) == host);
    }
}

static bool read_one(weir_bytes text, weir_dns_name *name)
{
    weir_dns_name_why why;
    const int result = weir_dns_name_parse_why(text, name, &why);
    require((result >= 0) == (why.fault == WEIR_DNS_NAME_GOOD) && why.at <= text.len);
    if (result < 0) {
        require(result == WEIR_EDNS_NAME);
        check_host(text, NULL);
        return false;
    }
    require(result == 0 || text.data[text.len - 1] == '.');
    check_print(name);
    check_parts(name);
    check_reverse(name);
    check_host(text, name);
    return true;
}

static void check_pair(const weir_dns_name *a, const weir_dns_name *b)
{
    static const weir_hash_key key = {{1, 2}};
    weir_dns_name joined;
    const int order = weir_dns_name_compare(a, b), back = weir_dns_name_compare(b, a);
    const bool equal = weir_dns_name_equal(a, b);
    require((order > 0) == (back < 0) && (order < 0) == (back > 0) && equal == (order == 0));
    require(equal == (weir_dns_name_hash(a, &key) == weir_dns_name_hash(b, &key)));
    require(equal == (weir_dns_name_within(a, b) && weir_dns_name_within(b, a)));
    if (weir_dns_name_append(a, b, &joined) == 0) {
        require(weir_dns_name_within(&joined, b));
        require(weir_dns_name_labels(&joined) == weir_dns_name_labels(a) + weir_dns_name_labels(b));
        check_print(&joined);
    } else {
        require(a->len + b->len - 1 > WEIR_DNS_NAME_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_dns_name a, b;
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    const size_t first = line ? (size_t)(line - data) : size;
    const bool good = read_one(weir_bytes_of(data, first), &a);
    if (line && read_one(weir_bytes_of(line + 1, size - first - 1), &b) && good) check_pair(&a, &b);
    return 0;
}
