/* SPDX-License-Identifier: MIT
 *
 * Are any bytes, taken for a resolv.conf and an nsswitch.conf, read within their bounds and to a
 * configuration that works, by which a search ends?
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/config.h>
#include <weir/dns/idna.h>
#include <weir/dns/nsswitch.h>
#include <weir/dns/search.h>
#include <weir/dns/sni.h>
#include <weir/dns/special.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

/* Each candidate is a name, none comes twice in a row, and there are no more than the list gives.
 */
static void search_for(const weir_dns_name *name, bool absolute, const weir_dns_config *config)
{
    weir_dns_search search;
    const weir_dns_name *candidate;
    unsigned count = 0;
    weir_dns_search_start(&search, name, absolute, config);
    while (weir_dns_search_next(&search, &candidate)) {
        require(candidate->len > 0 && ++count <= 1u + config->search_count);
        weir_dns_special(candidate);
        if (weir_dns_search_report(&search, WEIR_EDNS_NOTFOUND) == WEIR_DNS_SEARCH_STOP) break;
    }
    require(weir_dns_search_result(&search) == WEIR_EDNS_NOTFOUND);
}

static void look_at_config(weir_bytes text)
{
    weir_dns_config config;
    weir_dns_config_parse(text, &config);
    require(weir_dns_config_check(&config) == 0);
    require(memchr(config.ignored.text, '\0', sizeof config.ignored.text) != NULL);
    require((config.ignored.count == 0) == (config.ignored.fault == WEIR_DNS_CONFIG_GOOD));
    weir_dns_config_apply_options(&config, text);
    require(weir_dns_config_check(&config) == 0);
    for (unsigned i = 0; i < config.search_count; i++) {
        search_for(&config.search[i], false, &config);
        search_for(&config.search[i], true, &config);
    }
}

static void look_at_order(weir_bytes text)
{
    weir_dns_order order;
    weir_dns_nsswitch_parse(text, &order);
    require(order.count > 0 && order.count <= WEIR_DNS_ORDER_MAX);
    require(weir_dns_order_ends(&order, order.count - 1u, WEIR_EDNS_NOTFOUND));
}

/* What comes out for a name of a person is a host's name, and comes out again as itself. */
static void look_at_name(weir_bytes text)
{
    char ascii[WEIR_DNS_ASCII_TEXT], again[WEIR_DNS_ASCII_TEXT], shown[WEIR_DNS_UNICODE_TEXT];
    const int len = weir_dns_idna_to_ascii(text, 0, ascii, NULL);
    if (len >= 0) {
        const weir_bytes name = weir_bytes_of(ascii, (size_t)len);
        require(weir_dns_host_check(name, 0, NULL) == 0);
        require(weir_dns_idna_to_ascii(name, 0, again, NULL) == len);
        require(strcmp(ascii, again) == 0);
        require(weir_dns_idna_to_unicode(name, shown) > 0);
    }
    const int sni = weir_dns_sni_name(text, ascii);
    require(sni < 0 || (size_t)sni == strlen(ascii));
    require(sni <= 0 || ascii[sni - 1] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const weir_bytes text = weir_bytes_of(data, size);
    look_at_config(text);
    look_at_order(text);
    look_at_name(text);
    return 0;
}
