/* SPDX-License-Identifier: MIT
 *
 * Does each op keep its own data and its own waiter when an engine is crowded: more ops than its
 * ring has places for, waits that need not wait, lengths beyond 32 bits, buffers of an odd size?
 */
#include <stdio.h>
#include <sys/mman.h>

#include "test/contract/contract.h"

enum { CROWD = 1023, PAIRS = 8 };

typedef struct writer {
    weir_socket ends[2];
    char mark;
} writer;

/* Writes two slices of its own mark. */
static int write_mark(weir_io *io, void *argument)
{
    writer *w = argument;
    char first[4], second[4];
    memset(first, w->mark, sizeof first);
    memset(second, w->mark, sizeof second);
    struct iovec slices[2] = {{first, sizeof first}, {second, sizeof second}};
    check_int(weir_write_vector(io, w->ends[0], slices, 2, 1, true), 8);
    return 0;
}

CONTRACT(vectored_writes_in_a_full_ring_do_not_mix)
{
    weir_queue queue;
    weir_socket silent[2];
    weir_op *reads = calloc(CROWD, sizeof *reads);
    writer writers[PAIRS];
    weir_group group = WEIR_GROUP_INIT;
    char byte;
    struct iovec slice = {&byte, 1};
    const weir_task_options same = {.worker = WEIR_WORKER_SAME};
    weir_queue_init(io, &queue);
    check(contract_pair(SOCK_STREAM, silent));
    for (int i = 0; i < PAIRS; i++) {
        writers[i].mark = (char)('A' + i);
        check(contract_pair(SOCK_STREAM, writers[i].ends));
    }
    for (int i = 0; i < CROWD; i++) {
        weir_op_set(&reads[i], WEIR_OP_READ, silent[0].fd);
        reads[i].args.vector.data = &slice;
        reads[i].args.vector.count = 1;
        reads[i].args.vector.repeat = 1;
        weir_submit(io, &reads[i], &queue);
    }
    for (int i = 0; i < PAIRS; i++)
        check_int(weir_group_concurrent(io, &group, write_mark, &writers[i], &same), 0);
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < PAIRS; i++) {
        char got[8] = {0}, expected[8];
        memset(expected, writers[i].mark, sizeof expected);
        check_int(weir_read(io, writers[i].ends[1], got, sizeof got), 8);
        check(memcmp(got, expected, sizeof got) == 0);
        contract_close(io, writers[i].ends);
    }
    for (int i = 0; i < CROWD; i++) weir_op_cancel(io, &reads[i]);
    for (int i = 0; i < CROWD; i++) {
        weir_op *op;
        check_int(weir_queue_next(io, &queue, weir_never(), &op), 0);
    }
    contract_close(io, silent);
    free(reads);
}

typedef struct poster {
    weir_queue *queue;
    weir_op op;
    uint32_t taken, stop;
} poster;

/* Keeps one NOP coming to the queue. */
static int post(weir_io *io, void *argument)
{
    poster *p = argument;
    while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
        if (__atomic_exchange_n(&p->taken, 0, __ATOMIC_ACQ_REL)) {
            weir_op_set(&p->op, WEIR_OP_NOP, -1);
            weir_submit(io, &p->op, p->queue);
        }
        check_int(weir_yield(io), 0);
    }
    return 0;
}

CONTRACT(looking_at_a_queue_without_waiting_leaves_no_waiter_behind)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    poster p = {.queue = &queue, .taken = 1};
    weir_task task;
    const weir_task_options same = {.worker = WEIR_WORKER_SAME};
    check_int(weir_concurrent(io, &task, post, &p, &same), 0);
    int taken = 0;
    for (int i = 0; (i < 4000 || taken == 0) && !contract_failed(); i++) {
        weir_op *op;
        if (weir_queue_next(io, &queue, (weir_deadline){1}, &op) == 0) {
            taken++;
            __atomic_store_n(&p.taken, 1, __ATOMIC_RELEASE);
        }
        if (i % 500 == 0) {
            const weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
            check_int(weir_sleep(io, weir_milliseconds(3)), 0);
            check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns >= 3000000);
        }
    }
    __atomic_store_n(&p.stop, 1, __ATOMIC_RELEASE);
    check_int(weir_await(io, &task, NULL), 0);
    while (weir_queue_try(io, &queue)) continue;
}

CONTRACT(lengths_beyond_32_bits_are_no_end_of_stream)
{
    const size_t huge = (size_t)1 << 32;
    weir_socket ends[2];
    char *memory = mmap(NULL, huge, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return; /* no room for addresses here */
    check(contract_pair(SOCK_STREAM, ends));
    check_int(weir_write_all(io, ends[0], "hello", 5), 5);
    check_int(weir_read(io, ends[1], memory, huge), 5);
    check(weir_write(io, ends[0], memory, huge) > 0);
    contract_close(io, ends);
    munmap(memory, huge);
}

static void odd_buffers(weir_engine_options *options)
{
    options->buffer_size = 1500;
}

typedef struct holder {
    weir_lent lent[40];
    int count;
} holder;

static int give_all_back(weir_io *io, void *argument)
{
    holder *h = argument;
    for (int i = 0; i < h->count; i++) weir_give_back(io, &h->lent[i]);
    return 0;
}

CONTRACT_WITH(buffers_of_an_odd_size_come_back_from_any_worker, odd_buffers)
{
    weir_socket ends[2];
    weir_receiver receiver;
    holder h = {.count = 0};
    const weir_task_options other = {.worker = (int)weir_workers(io) - 1};
    check(contract_pair(SOCK_STREAM, ends));
    weir_receiver_init(&receiver, ends[0]);
    for (int round = 0; round < 20 && !contract_failed(); round++) {
        weir_task task;
        for (h.count = 0; h.count < 40; h.count++) {
            char text[24];
            const int len = snprintf(text, sizeof text, "round %d, %d", round, h.count);
            h.lent[h.count] = (weir_lent){0};
            check_int(weir_write_all(io, ends[1], text, (size_t)len), len);
            check_int(weir_read_lent(io, &receiver, &h.lent[h.count]), len);
            check(memcmp(h.lent[h.count].data, text, (size_t)len) == 0);
        }
        check_int(weir_concurrent(io, &task, give_all_back, &h, &other), 0);
        check_int(weir_await(io, &task, NULL), 0);
    }
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}
