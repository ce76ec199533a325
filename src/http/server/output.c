/* SPDX-License-Identifier: MIT
 *
 * The output of an exchange: responses gathered on the stack, sent in few writes, each with the
 * write timeout.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/file.h>

#include "http/server/exchange.h"

enum { PIECE = 256 * 1024 }; /* what one write timeout covers */

static int fail(weir_http_exchange *x, int error)
{
    x->output->error = error;
    x->close = true;
    if (x->error == 0) x->error = error;
    return error;
}

/* The keeper's clock is up to a second old: it is added, so that nobody is cut off early. */
static weir_deadline write_deadline(const weir_http_exchange *x)
{
    const int64_t limit = weir_time_sum(x->server->options.write_timeout.ns, 1000000000);
    return (weir_deadline){weir_time_sum(weir_http_clock_now(&x->keeper->clock), limit)};
}

/* Writes one or two slices, all of them.  The deadline is one for all: progress does not renew it,
 * else a client that takes a byte now and then would be served forever. */
static int write_all(weir_http_exchange *x, struct iovec *slices, size_t count)
{
    const weir_deadline deadline = write_deadline(x);
    size_t left = slices[0].iov_len + (count > 1 ? slices[1].iov_len : 0);
    while (left > 0) {
        int64_t n = weir_stream_write_vector(x->io, &x->connection->tcp.stream, slices, count, 1,
                                             true, deadline);
        if (n <= 0) return fail(x, n < 0 ? (int)n : WEIR_EPIPE);
        if ((size_t)n == left) break;
        left -= (size_t)n;
        while (count > 0 && (size_t)n >= slices->iov_len) {
            n -= (int64_t)slices->iov_len;
            slices++;
            count--;
        }
        slices->iov_base = (char *)slices->iov_base + n;
        slices->iov_len -= (size_t)n;
    }
    return 0;
}

int weir_http_output_flush(weir_http_exchange *x)
{
    return weir_http_output_flush_with(x, NULL, 0);
}

int weir_http_output_flush_with(weir_http_exchange *x, const char *data, size_t len)
{
    weir_http_output *output = x->output;
    if (output->error) return output->error;
    struct iovec slices[2];
    size_t count = 0;
    if (output->used > 0) slices[count++] = (struct iovec){output->data, output->used};
    if (len > 0) slices[count++] = (struct iovec){(void *)data, len};
    output->used = 0;
    return count > 0 ? write_all(x, slices, count) : 0;
}

int weir_http_output_add(weir_http_exchange *x, const char *data, size_t len)
{
    weir_http_output *output = x->output;
    if (output->error) return output->error;
    if (len <= WEIR_HTTP_OUTPUT - output->used) {
        if (len > 0) memcpy(output->data + output->used, data, len);
        output->used += len;
        return 0;
    }
    int error = 0;
    while (len > 0 && !error) {
        const size_t piece = len < PIECE ? len : PIECE;
        struct iovec slices[2] = {{output->data, output->used}, {(void *)data, piece}};
        const bool both = output->used > 0;
        output->used = 0;
        error = write_all(x, both ? slices : slices + 1, both ? 2 : 1);
        data += piece;
        len -= piece;
    }
    return error;
}

/* Sends a piece of a file by one deadline: its bytes, fewer at the end of the file, or the error.
 */
static int64_t send_piece(weir_http_exchange *x, int file, uint64_t offset, size_t len)
{
    const weir_deadline deadline = write_deadline(x);
    size_t done = 0;
    while (done < len) {
        int64_t n = weir_stream_send_file(x->io, &x->connection->tcp.stream, file, offset + done,
                                          len - done, deadline);
        if (n < 0) return fail(x, (int)n);
        if (n == 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

int64_t weir_http_output_file(weir_http_exchange *x, int file, uint64_t offset, uint64_t length)
{
    weir_http_output *output = x->output;
    if (output->error) return output->error;
    uint64_t done = 0;
    const size_t room = WEIR_HTTP_OUTPUT - output->used;
    const size_t want = length < room ? (size_t)length : room;
    if (want > 0) {
        int64_t n =
            weir_read_at(x->io, (weir_file){file}, output->data + output->used, want, offset);
        if (n < 0) return n;
        output->used += (size_t)n;
        done = (uint64_t)n;
        if ((size_t)n < want || done == length) return (int64_t)done;
    }
    int error = weir_http_output_flush(x);
    if (error) return error;
    int64_t n = 1;
    while (done < length && n > 0) {
        const size_t piece = length - done < PIECE ? (size_t)(length - done) : PIECE;
        n = send_piece(x, file, offset + done, piece);
        if (n < 0) return n;
        done += (uint64_t)n;
    }
    return (int64_t)done;
}
