/* SPDX-License-Identifier: MIT
 *
 * Fan-out and fan-in over channels: numbers go out to workers, their primes come back in one place.
 *
 *     fan [COUNT [WORKERS]]         default: the primes below 200, by 4 workers
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

typedef struct fan {
    weir_channel numbers, primes;
    int number_slots[16], prime_slots[16];
    int count, workers;
} fan;

static bool is_prime(int n)
{
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0) return false;
    return n > 1;
}

/* Takes numbers until there are no more. */
static int sieve(weir_io *io, void *argument)
{
    fan *f = argument;
    int n, error;
    while ((error = weir_channel_receive(io, &f->numbers, &n)) == 0)
        if (is_prime(n) && (error = weir_channel_send(io, &f->primes, &n)) != 0) break;
    return error == WEIR_ECLOSED ? 0 : error;
}

/* Fans out, and ends the stream of primes when all workers have ended. */
static int produce(weir_io *io, void *argument)
{
    fan *f = argument;
    weir_group workers = WEIR_GROUP_INIT;
    int error = 0;
    for (int i = 0; i < f->workers && !error; i++)
        error = weir_group_concurrent(io, &workers, sieve, f, NULL);
    for (int n = 1; n < f->count && !error; n++) error = weir_channel_send(io, &f->numbers, &n);
    weir_channel_close(io, &f->numbers);
    int failed = weir_group_wait(io, &workers);
    weir_channel_close(io, &f->primes);
    return error ? error : failed;
}

/* Fans in. */
static int root(weir_io *io, void *argument)
{
    fan *f = argument;
    weir_task producer;
    int prime, primes = 0, result = 0;
    int64_t sum = 0;
    weir_channel_init(&f->numbers, f->number_slots, 16, sizeof(int));
    weir_channel_init(&f->primes, f->prime_slots, 16, sizeof(int));
    int error = weir_concurrent(io, &producer, produce, f, NULL);
    if (error) return error;
    while ((error = weir_channel_receive(io, &f->primes, &prime)) == 0) primes++, sum += prime;
    result = weir_cancel(io, &producer);
    printf("%d primes below %d, sum %lld\n", primes, f->count, (long long)sum);
    return error == WEIR_ECLOSED ? result : error;
}

int main(int argc, char **argv)
{
    weir_io *io;
    fan f = {.count = argc > 1 ? atoi(argv[1]) : 200, .workers = argc > 2 ? atoi(argv[2]) : 4};
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, root, &f);
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "fan: %s\n", weir_strerror(error));
    return error != 0;
}
