/* SPDX-License-Identifier: MIT
 *
 * What the scripted name server reads and writes: messages, without sockets.
 */
#ifndef WEIR_TEST_HARNESS_DNS_SERVER_ANSWER_H
#define WEIR_TEST_HARNESS_DNS_SERVER_ANSWER_H

#include <weir/base/bytes.h>
#include <weir/dns/wire/edns.h>

#include "test/harness/dns_server.h"

/* Tricks that make an answer a bad one. */
enum {
    DNS_SERVER_LIES = DNS_SERVER_WRONG_ID | DNS_SERVER_WRONG_QUESTION | DNS_SERVER_WRONG_TYPE |
                      DNS_SERVER_WRONG_CASE | DNS_SERVER_WRONG_SOURCE | DNS_SERVER_NO_QR |
                      DNS_SERVER_NO_QUESTION | DNS_SERVER_TRUNCATE | DNS_SERVER_GARBAGE |
                      DNS_SERVER_SHORT | DNS_SERVER_THEN_GOOD | DNS_SERVER_FOREIGN_COOKIE |
                      DNS_SERVER_PLAIN,
};

/* Reads a question.  Returns whether it is one. */
bool dns_server_read(weir_bytes message, dns_server_question *out, weir_dns_cookie *cookie);

/* Whether a cookie's server part is the one that was given to this client. */
bool dns_server_cookie_is_good(const weir_dns_cookie *cookie);

/* Writes the answer that a rule gives.  Returns its length. */
size_t dns_server_answer(const dns_server_rule *rule, unsigned does,
                         const dns_server_question *asked, const weir_dns_cookie *cookie,
                         uint8_t *out, size_t room);

#endif
