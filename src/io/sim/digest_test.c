/* SPDX-License-Identifier: MIT
 *
 * Does the hash of a run tell what its programs have drawn, read and written?
 */
#include <string.h>

#include <weir/io/random.h>
#include <weir/io/sim/sim.h>
#include <weir/io/socket.h>

#include "io/sim/digest.h"
#include "test/harness/test.h"

enum { LENGTH = 1000 };

typedef struct sender {
    char bytes[LENGTH];
    size_t draws; /* of random numbers, before */
} sender;

static int send_to_itself(weir_io *io, void *argument)
{
    sender *s = argument;
    weir_socket pipe[2];
    char back[LENGTH];
    if (s->draws) weir_random(io, back, s->draws);
    int error = weir_pipe_open(io, 4096, pipe);
    if (error) return error;
    assert_int_equal(weir_write_all(io, pipe[1], s->bytes, LENGTH), LENGTH);
    assert_true(weir_read(io, pipe[0], back, LENGTH) > 0);
    weir_close_socket(io, pipe[0]);
    weir_close_socket(io, pipe[1]);
    return 0;
}

/* The hash of a run that sends bytes, of which the one at `changed` is another one. */
static uint64_t hash_of(bool all_bytes, size_t changed, size_t draws)
{
    weir_sim *sim;
    weir_sim_host *only;
    sender s = {.draws = draws};
    if (changed < LENGTH) s.bytes[changed] = 1;
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = 1, .all_bytes = all_bytes}, &sim),
                     0);
    assert_int_equal(weir_sim_add_host(sim, "only", NULL, &only), 0);
    assert_int_equal(weir_run(weir_sim_io(only), send_to_itself, &s), 0);
    const uint64_t hash = weir_sim_hash(sim);
    weir_sim_destroy(sim);
    return hash;
}

TEST(sim_the_hash_is_over_what_programs_transfer)
{
    const uint64_t quick = hash_of(false, LENGTH, 0), whole = hash_of(true, LENGTH, 0);
    assert_true(quick == hash_of(false, LENGTH, 0) && whole == hash_of(true, LENGTH, 0));
    assert_true(quick != hash_of(false, 0, 0) && quick != hash_of(false, 7, 0));
    assert_true(quick != hash_of(false, LENGTH - 1, 0) && quick != hash_of(false, LENGTH - 8, 0));
    for (size_t i = 0; i < LENGTH; i++) assert_true(whole != hash_of(true, i, 0));
}

TEST(sim_the_hash_tells_that_a_program_drew_a_number)
{
    const uint64_t none = hash_of(false, LENGTH, 0);
    assert_true(none != hash_of(false, LENGTH, 1));
    assert_true(hash_of(false, LENGTH, 1) != hash_of(false, LENGTH, 2));
}

TEST(a_digest_tells_every_bit_at_every_length)
{
    char text[100] = {0};
    for (size_t length = 1; length <= sizeof text; length++) {
        const uint64_t blank = sim_digest(text, length);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            text[bit / 8] = (char)(1 << bit % 8);
            assert_true(sim_digest(text, length) != blank);
            text[bit / 8] = 0;
        }
        assert_true(sim_digest(text, length - 1) != blank);
    }
}
