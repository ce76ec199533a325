/* SPDX-License-Identifier: MIT
 *
 * The options of a resolver as words: "ndots:2 rotate -edns0" (resolv.conf(5)).
 */
#include "dns/config.h"

#include <stddef.h>

#include "dns/files_text.h"

/* An option that is a number. */
typedef struct number_option {
    const char *name; /* with its colon */
    uint8_t min, max;
} number_option;

enum { NDOTS, TIMEOUT, ATTEMPTS, NUMBERS };

static const number_option numbers[NUMBERS] = {
    [NDOTS] = {"ndots:", 0, WEIR_DNS_NDOTS_MAX},
    [TIMEOUT] = {"timeout:", 1, WEIR_DNS_TIMEOUT_MAX_S},
    [ATTEMPTS] = {"attempts:", 1, WEIR_DNS_ATTEMPTS_MAX},
};

/* An option that is a name alone: the flag it sets.  One without a flag is known and not obeyed. */
typedef struct name_option {
    const char *name;
    size_t flag; /* offset in weir_dns_config */
    bool obeyed;
} name_option;

#define FLAG(member) offsetof(weir_dns_config, member), true

static const name_option names[] = {
    {"rotate", FLAG(rotate)},
    {"edns0", FLAG(edns0)},
    {"use-vc", FLAG(use_vc)},
    {"single-request", FLAG(single_request)},
    {"single-request-reopen", FLAG(single_request_reopen)},
    {"no-aaaa", FLAG(no_aaaa)},
    {"trust-ad", FLAG(trust_ad)},
    {"no-tld-query", FLAG(no_tld_query)},
    {"no_tld_query", FLAG(no_tld_query)},
    {"no-reload", FLAG(no_reload)},
    {"inet6", 0, false},
};

/* The number behind an option's colon, held within its range: digits and nothing else.  (The C
 * library has atoi read it: "2x" is 2 there, and nothing at all is 0.)  False if there is none. */
static bool number_of(weir_bytes digits, const number_option *option, uint8_t *out)
{
    unsigned value = 0;
    if (digits.len == 0) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return false;
        if (value <= option->max) value = value * 10 + (unsigned)(digits.data[i] - '0');
    }
    if (value < option->min) value = option->min;
    *out = (uint8_t)(value > option->max ? option->max : value);
    return true;
}

/* Returns whether the word is one of the numbers; WEIR_DNS_CONFIG_NUMBER in *fault if it is bad. */
static bool take_number(weir_dns_config *config, weir_bytes word, weir_dns_config_fault *fault)
{
    for (int i = 0; i < NUMBERS; i++) {
        const size_t len = strlen(numbers[i].name);
        uint8_t value;
        if (word.len < len || memcmp(word.data, numbers[i].name, len) != 0) continue;
        if (!number_of(weir_bytes_of(word.data + len, word.len - len), &numbers[i], &value)) {
            *fault = WEIR_DNS_CONFIG_NUMBER;
            return true;
        }
        if (i == NDOTS) config->ndots = value;
        if (i == TIMEOUT) config->timeout = weir_seconds(value);
        if (i == ATTEMPTS) config->attempts = value;
        return true;
    }
    return false;
}

static weir_dns_config_fault take_word(weir_dns_config *config, weir_bytes word)
{
    weir_dns_config_fault fault = WEIR_DNS_CONFIG_GOOD;
    if (take_number(config, word, &fault)) return fault;
    const bool on = word.data[0] != '-';
    if (!on) word = weir_bytes_of(word.data + 1, word.len - 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!weir_bytes_equal(word, weir_bytes_text(names[i].name))) continue;
        if (!names[i].obeyed) return WEIR_DNS_CONFIG_UNSUPPORTED;
        *(bool *)((char *)config + names[i].flag) = on;
        return WEIR_DNS_CONFIG_GOOD;
    }
    return WEIR_DNS_CONFIG_OPTION;
}

void dns_config_options(weir_dns_config *config, uint32_t line, weir_bytes words)
{
    weir_bytes word;
    while (dns_next_word(&words, &word)) {
        const weir_dns_config_fault fault = take_word(config, word);
        if (fault) dns_config_ignore(config, line, fault, word);
    }
}

void weir_dns_config_apply_options(weir_dns_config *config, weir_bytes options)
{
    dns_config_options(config, 0, options);
}
