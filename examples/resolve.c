/* SPDX-License-Identifier: MIT
 *
 * Looks up what it is told, all at once, each with three seconds: the addresses of hosts, or, of a
 * name with a "_" in front, its SRV records.
 *
 *     resolve example.org _xmpp-client._tcp.example.org 192.0.2.1
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/dns/lookup.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>
#include <weir/io/scope.h>

enum { NAMES = 32 };

/* One name and what came of it. */
typedef struct question {
    weir_dns_resolver *resolver;
    const char *name;
    weir_address addresses[8];
    weir_dns_host host;
    weir_dns_answer records;
    weir_dns_report report;
    int result;
} question;

static int ask(weir_io *io, void *argument)
{
    question *q = argument;
    weir_bytes name = weir_bytes_text(q->name);
    weir_dns_lookup_options options = {.report = &q->report};
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(3));
    if (q->name[0] == '_')
        q->result = weir_dns_lookup(io, q->resolver, name, WEIR_DNS_SRV, &options, &q->records);
    else
        q->result =
            weir_dns_lookup_host(io, q->resolver, name, 0, &options, q->addresses, 8, &q->host);
    weir_scope_leave(io, &scope);
    return 0;
}

static void print(const question *q)
{
    char text[WEIR_DNS_NAME_TEXT];
    if (q->result < 0) {
        weir_dns_report_print(&q->report, text, sizeof text);
        printf("%s: %s (%s)\n", q->name, weir_strerror(q->result), text);
        return;
    }
    printf("%s, from the %s:\n", q->name,
           weir_dns_origin_text(q->name[0] == '_' ? q->records.origin : q->host.origin));
    for (int i = 0; i < q->result; i++) {
        weir_address_print_as(&q->addresses[i], WEIR_ADDRESS_AS_IP, NULL, text, sizeof text);
        printf("    %s\n", text);
    }
    weir_dns_data data;
    for (size_t at = 0; weir_dns_answer_next(&q->records, &at, &data) > 0;) {
        weir_dns_data_print(&data, text, sizeof text);
        printf("    %s\n", text);
    }
}

static int root(weir_io *io, void *argument)
{
    static question questions[NAMES];
    weir_dns_resolver *resolver;
    int error = weir_dns_resolver_create(io, NULL, &resolver);
    if (error) return error;

    char **names = argument;
    weir_group group = WEIR_GROUP_INIT;
    int count = 0;
    for (; names[count] && count < NAMES; count++) {
        questions[count] = (question){.resolver = resolver, .name = names[count]};
        weir_group_async(io, &group, ask, &questions[count]);
    }
    error = weir_group_wait(io, &group);

    for (int i = 0; i < count; i++) {
        if (!error) print(&questions[i]);
        weir_dns_answer_free(&questions[i].records);
    }
    weir_dns_resolver_destroy(io, resolver);
    return error;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: resolve NAME…\n");
        return 2;
    }
    int error = weir_engine_run(NULL, root, argv + 1);
    if (error) fprintf(stderr, "resolve: %s\n", weir_strerror(error));
    return error != 0;
}
