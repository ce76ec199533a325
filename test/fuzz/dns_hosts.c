/* SPDX-License-Identifier: MIT
 *
 * Are any bytes, taken for a hosts file, read within their bounds to a table of bounded size, in
 * which every name of the text that is one leads to an address, and that back to a name?
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void look_up(const weir_dns_hosts *hosts, weir_bytes word)
{
    weir_address found[4];
    weir_dns_name name, canonical = {0}, back[4];
    if (weir_dns_name_parse(word, &name) < 0) return;
    const int count = weir_dns_hosts_find(hosts, &name, WEIR_DNS_BOTH, found, 4, &canonical);
    require(count == WEIR_EDNS_NOTFOUND || (count >= 1 && count <= 4));
    if (count < 0) return;
    require(canonical.len > 1);
    for (int i = 0; i < count; i++) {
        require(found[i].kind == WEIR_ADDRESS_IPV4 || found[i].kind == WEIR_ADDRESS_IPV6);
        require(weir_dns_hosts_reverse(hosts, &found[i], back, 4) >= 1);
    }
    const int four = weir_dns_hosts_find(hosts, &name, WEIR_DNS_IPV4, found, 4, NULL);
    const int six = weir_dns_hosts_find(hosts, &name, WEIR_DNS_IPV6, found, 4, NULL);
    require(four >= 0 && six >= 0 && four + six >= count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_dns_hosts *hosts;
    weir_dns_hosts_counts counts;
    const char *text = (const char *)data;
    if (weir_dns_hosts_parse(weir_bytes_of(data, size), NULL, &hosts, &counts) != 0) return 0;
    require(counts.memory <= 24 * size + 4096);
    require(counts.names >= counts.lines);
    /* Every word of the text, so that those which are in the table are found. */
    for (size_t at = 0, end; at < size; at = end + 1) {
        for (end = at; end < size && strchr(" \t\r\n#", text[end]) == NULL;) end++;
        if (end > at) look_up(hosts, weir_bytes_of(text + at, end - at));
    }
    weir_dns_hosts_destroy(hosts);
    return 0;
}
