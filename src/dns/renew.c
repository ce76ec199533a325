/* SPDX-License-Identifier: MIT
 *
 * Questions that nobody waits for, or that go on when nobody does any longer: answers renewed
 * before their time is over, or past it.
 */
#include "dns/resolver.h"

#include <stdlib.h>

#include <weir/io/clock.h>

typedef struct renewal {
    weir_dns_resolver *resolver;
    weir_dns_name lower;
    uint16_t types[DNS_ASK_TYPES];
    unsigned type_count;
} renewal;

static int renew(weir_io *io, void *argument)
{
    renewal *r = argument;
    dns_request request = {.resolver = r->resolver,
                           .now = weir_now(io, WEIR_CLOCK_BOOT),
                           .lower = &r->lower,
                           .types = {r->types[0], r->types[1]},
                           .type_count = r->type_count,
                           .background = true};
    int error = weir_dns_view_take(io, r->resolver->files, request.now, &request.view);
    if (error == 0) {
        dns_result results[DNS_ASK_TYPES];
        for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_init(&results[i]);
        error = weir_dns_flight(io, &request, results);
        for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_free(&results[i]);
        weir_dns_view_release(request.view);
    }
    free(r);
    return error;
}

bool weir_dns_renew(weir_io *io, const dns_request *request)
{
    renewal *r = malloc(sizeof *r);
    if (!r) return false;
    *r = (renewal){.resolver = request->resolver,
                   .lower = *request->lower,
                   .types = {request->types[0], request->types[1]},
                   .type_count = request->type_count};
    if (weir_group_concurrent(io, &request->resolver->background, renew, r, NULL) == 0) return true;
    free(r);
    return false;
}
