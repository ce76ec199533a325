/* SPDX-License-Identifier: MIT
 *
 * Does the memory pipe behave as a stream between two tasks: order, bounds, half close, cancel?
 */
#include "test/contract/contract.h"

#include <weir/stream/pipe.h>

enum { TOTAL = 200000 };

typedef struct pipe_test {
    weir_pipe pipe;
    char buffers[2][97];
    int64_t result;
} pipe_test;

static void init(pipe_test *t)
{
    void *buffers[2] = {t->buffers[0], t->buffers[1]};
    weir_pipe_init(&t->pipe, buffers, sizeof t->buffers[0]);
}

static int write_numbers(weir_io *io, void *argument)
{
    pipe_test *t = argument;
    unsigned char piece[251];
    for (int done = 0; done < TOTAL;) {
        int n = TOTAL - done < (int)sizeof piece ? TOTAL - done : (int)sizeof piece;
        for (int i = 0; i < n; i++) piece[i] = (unsigned char)((done + i) % 251);
        if (weir_stream_write_all(io, &t->pipe.ends[0].stream, piece, (size_t)n) != n) return -1;
        done += n;
    }
    return weir_stream_shutdown_write(io, &t->pipe.ends[0].stream);
}

CONTRACT(pipe_carries_bytes_in_order_until_the_end)
{
    pipe_test t;
    weir_task task;
    int result = -1, at = 0;
    init(&t);
    check_int(weir_concurrent(io, &task, write_numbers, &t, NULL), 0);
    for (int round = 0; !contract_failed(); round++) {
        unsigned char data[61];
        const unsigned char *from = data;
        weir_lent lent = {0};
        weir_stream *stream = &t.pipe.ends[1].stream;
        int64_t n = round % 2 ? weir_stream_read(io, stream, data, sizeof data)
                              : weir_stream_read_lent(io, stream, &lent, (weir_deadline){0});
        if (lent.data) from = (const unsigned char *)lent.data;
        if (n <= 0) {
            check_int(n, 0);
            break;
        }
        for (int64_t i = 0; i < n; i++, at++)
            if (!check_int(from[i], at % 251)) break;
        weir_stream_give_back(io, stream, &lent);
    }
    check_int(at, TOTAL);
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 0);
    /* The other way is still open. */
    check_int(weir_stream_write_all(io, &t.pipe.ends[1].stream, "back", 4), 4);
    char back[8];
    check_int(weir_stream_read(io, &t.pipe.ends[0].stream, back, sizeof back), 4);
}

CONTRACT(pipe_writer_is_told_that_nobody_reads)
{
    pipe_test t;
    char data[200] = {0};
    init(&t);
    check_int(weir_stream_write(io, &t.pipe.ends[0].stream, data, sizeof data), 97);
    weir_stream_close(io, &t.pipe.ends[1].stream);
    check_int(weir_stream_write(io, &t.pipe.ends[0].stream, data, 1), WEIR_EPIPE);
    check_int(weir_stream_read(io, &t.pipe.ends[0].stream, data, 1), 0);
}

static int read_one(weir_io *io, void *argument)
{
    pipe_test *t = argument;
    char byte;
    t->result = weir_stream_read(io, &t->pipe.ends[1].stream, &byte, 1);
    return 0;
}

CONTRACT(pipe_waits_can_be_canceled_and_time_out)
{
    pipe_test t;
    weir_task task;
    char data[200] = {0};
    struct iovec slice = {data, sizeof data};
    init(&t);
    check_int(weir_concurrent(io, &task, read_one, &t, NULL), 0);
    contract_settle(io);
    weir_cancel(io, &task);
    check_int(t.result, WEIR_ECANCELED);

    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(5));
    check_int(weir_stream_read_vector(io, &t.pipe.ends[1].stream, &slice, 1, soon), WEIR_EDEADLINE);
    check_int(weir_stream_write_vector(io, &t.pipe.ends[0].stream, &slice, 1, 1, true, soon), 97);
    check_int(weir_stream_write_vector(io, &t.pipe.ends[0].stream, &slice, 1, 1, true, soon),
              WEIR_EDEADLINE);
    slice.iov_len = 3;
    check_int(weir_stream_read_vector(io, &t.pipe.ends[1].stream, &slice, 1, (weir_deadline){0}),
              3);
    slice.iov_len = 1;
    check_int(weir_stream_write_vector(io, &t.pipe.ends[0].stream, &slice, 1, 3, true,
                                       (weir_deadline){0}),
              3);
}
