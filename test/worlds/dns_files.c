/* SPDX-License-Identifier: MIT
 *
 * A client's resolv.conf and hosts, in which a digit changes now and then: soon the old name server
 * is not asked any more, and the old address not given.
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/random.h>

#include "dns_world.h"

static const char conf_begin[] = "search sub.world world\noptions timeout:1 attempts:2\n"
                                 "nameserver 10.0.2.";
static const char hosts_begin[] = "10.9.0.";

/* Until a change is known to the writer. */
#define UNSETTLED INT64_MAX

/* Puts text into a file, from the offset on. */
static int put(weir_io *io, const char *path, const char *text, size_t offset)
{
    weir_file file;
    size_t done = 0;
    int error = weir_open(io, WEIR_FILE_CWD, path, WEIR_OPEN_WRITE | WEIR_OPEN_CREATE, 0644, &file);
    if (error) return error;
    while (done < strlen(text)) {
        const int64_t n = weir_write_at(io, file, text + done, strlen(text) - done, offset + done);
        if (n < 0) error = (int)n;
        if (n < 0) break;
        done += (size_t)n;
    }
    weir_close_file(io, file);
    return error;
}

static int put_digit(weir_io *io, const char *path, const char *begin, unsigned digit)
{
    const char text[2] = {(char)('0' + digit), 0};
    return put(io, path, text, strlen(begin));
}

int dns_files_begin(weir_io *io, dns_client *c)
{
    char text[256];
    c->server = c->address = 1;
    c->server_since = c->address_since = UNSETTLED;
    snprintf(text, sizeof text, "%s1\n", conf_begin);
    int error = put(io, DNS_PATH_CONF, text, 0);
    snprintf(text, sizeof text, "%s1 static.world\n", hosts_begin);
    if (!error) error = put(io, DNS_PATH_HOSTS, text, 0);
    c->server_since = c->address_since = dns_now(c->world);
    return error;
}

int dns_files_change(weir_io *io, dns_client *c)
{
    const unsigned drawn = 1 + (unsigned)weir_random_below(io, DNS_NAMESERVERS);
    const bool hosts = weir_random_below(io, 2);
    int64_t *since = hosts ? &c->address_since : &c->server_since;
    unsigned *digit = hosts ? &c->address : &c->server;
    const unsigned before = *digit;
    *since = UNSETTLED;
    *digit = drawn;
    int error = put_digit(io, hosts ? DNS_PATH_HOSTS : DNS_PATH_CONF,
                          hosts ? hosts_begin : conf_begin, drawn);
    /* One byte is written or not. */
    if (error) *digit = before;
    *since = dns_now(c->world);
    dns_count_of(c->world, "changes of the files", 1);
    return error == WEIR_ECANCELED ? error : 0;
}

/* While one task looks at the files, others go on with what was known before, however old that is.
 * So a change has to be known to all when a lookup that began behind it has ended a while ago. */
static void note_looked(dns_client *c)
{
    if (!c->look_ended || dns_now(c->world) - c->look_ended < weir_milliseconds(50).ns) return;
    c->looked = c->look_began;
    c->look_ended = 0;
}

static bool is_known(const dns_client *c, int64_t since)
{
    return since != UNSETTLED && c->looked > since + weir_milliseconds(DNS_LOOK_MS).ns;
}

void dns_files_asked(dns_client *c, unsigned server)
{
    dns_world *world = c->world;
    if (!world->plan.files || world->trial->fault_count) return;
    /* In a bad network questions are asked for long. */
    if (!dns_is_calm(world)) return;
    note_looked(c);
    if (server + 1 != c->server && is_known(c, c->server_since))
        weir_sim_fail(world->trial, "client %u asks name server %u, not %u", c->index, server + 1,
                      c->server);
}

int dns_files_look(weir_io *io, dns_client *c)
{
    weir_address address;
    weir_dns_host host;
    const int64_t began = dns_now(c->world);
    note_looked(c);
    const bool known = is_known(c, c->address_since);
    const unsigned right = c->address;
    const int n = weir_dns_lookup_host(io, c->resolver, weir_bytes_text("static.world"), 80, NULL,
                                       &address, 1, &host);
    if (n < 0) {
        weir_dns_file_state state;
        weir_dns_resolver_file(c->resolver, WEIR_DNS_FILE_HOSTS, &state);
        /* A disk that fails: the file was not written whole, or the resolver could not read it. */
        if (known && state.error == 0) dns_check_error(c, "the hosts file", 0, n, false);
        return n;
    }
    if (host.origin != WEIR_DNS_FROM_HOSTS || address.at.ipv4[1] != 9)
        weir_sim_fail(c->world->trial, "client %u: static.world is from the %s", c->index,
                      weir_dns_origin_text(host.origin));
    else if (known && address.at.ipv4[3] != right && c->address_since < began &&
             !c->world->trial->fault_count)
        weir_sim_fail(c->world->trial, "client %u: static.world is %u, not %u", c->index,
                      address.at.ipv4[3], c->address);
    if (known) dns_count_of(c->world, "changes that have to be known", 1);
    if (!c->look_ended) {
        c->look_began = began;
        c->look_ended = dns_now(c->world);
    }
    dns_count_of(c->world, "hosts file", 1);
    return 0;
}
