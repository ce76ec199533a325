/* SPDX-License-Identifier: MIT
 *
 * The input of an exchange: a window of bytes that grows or is replaced.
 *
 * Small messages are copied to the task's stack, which costs less than holding a buffer of the
 * engine for as long as a handler takes; the heap serves longer ones and ends with the exchange.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "http/server/exchange.h"

void weir_http_input_init(weir_http_input *input)
{
    input->data = input->small;
    input->at = input->end = 0;
    input->own = NULL;
    input->capacity = 0;
    input->spill = NULL;
    input->spill_capacity = 0;
    input->lent = (weir_lent){0};
}

/* Gives the window room for `more` bytes behind it, in one piece, in memory of our own. */
static int make_room(weir_http_input *input, size_t more)
{
    const size_t there = input->end - input->at;
    const size_t need = there + more;
    if (input->data == input->own && input->capacity - input->end >= more) return 0;
    if (need <= sizeof input->small && input->data != input->own) {
        memmove(input->small, input->data + input->at, there);
        input->data = input->small;
    } else if (need <= input->capacity) {
        memmove(input->own, input->data + input->at, there);
        input->data = input->own;
    } else {
        size_t capacity = input->capacity ? input->capacity : 2 * sizeof input->small;
        while (capacity < need) capacity *= 2;
        char *own = malloc(capacity);
        if (!own) return WEIR_ENOMEM;
        memcpy(own, input->data + input->at, there);
        free(input->own);
        input->data = input->own = own;
        input->capacity = capacity;
    }
    input->at = 0;
    input->end = there;
    return 0;
}

static void give_back(weir_http_exchange *x, weir_lent *lent)
{
    weir_stream_give_back(x->io, &x->connection->tcp.stream, lent);
    *lent = (weir_lent){0};
}

int weir_http_input_keep(weir_http_exchange *x, weir_lent *lent)
{
    weir_http_input *input = &x->input;
    int error = make_room(input, lent->len);
    if (!error) {
        memcpy(input->data + input->end, lent->data, lent->len);
        input->end += lent->len;
    }
    give_back(x, lent);
    return error;
}

int weir_http_input_settle(weir_http_exchange *x)
{
    weir_http_input *input = &x->input;
    if (input->data == input->small || input->data == input->own) return 0;
    int error = make_room(input, 0);
    if (!error) give_back(x, &input->lent);
    return error;
}

int64_t weir_http_input_extend(weir_http_exchange *x, weir_deadline deadline)
{
    weir_lent lent = {0};
    int64_t n = weir_stream_read_lent(x->io, &x->connection->tcp.stream, &lent, deadline);
    if (n <= 0) return n;
    int error = weir_http_input_keep(x, &lent);
    return error ? error : n;
}

/* Puts the window and what `lent` holds into the spill, in one piece. */
static int spill(weir_http_exchange *x, weir_lent *lent)
{
    weir_http_input *input = &x->input;
    const size_t there = input->end - input->at;
    const size_t need = there + lent->len;
    const char *from = input->data + input->at;
    char *to = input->spill;
    if (need > input->spill_capacity) {
        to = malloc(2 * need);
        if (!to) return WEIR_ENOMEM;
    }
    memmove(to, from, there);
    memcpy(to + there, lent->data, lent->len);
    if (to != input->spill) {
        free(input->spill);
        input->spill = to;
        input->spill_capacity = 2 * need;
    }
    input->data = to;
    input->at = 0;
    input->end = need;
    return 0;
}

int64_t weir_http_input_refill(weir_http_exchange *x, weir_deadline deadline)
{
    weir_http_input *input = &x->input;
    weir_lent lent = {0};
    if (input->at == input->end) give_back(x, &input->lent);
    int64_t n = weir_stream_read_lent(x->io, &x->connection->tcp.stream, &lent, deadline);
    if (n <= 0) return n;
    if (input->at == input->end) {
        input->lent = lent;
        input->data = lent.data;
        input->at = 0;
        input->end = lent.len;
        return n;
    }
    int error = spill(x, &lent);
    give_back(x, &lent);
    if (error) return error;
    give_back(x, &input->lent);
    return n;
}

void weir_http_input_end(weir_http_exchange *x)
{
    give_back(x, &x->input.lent);
    free(x->input.spill);
    free(x->input.own);
}
