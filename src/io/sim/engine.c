/* SPDX-License-Identifier: MIT
 *
 * The simulator as an engine: making worlds and hosts, running, ending, and the table of a host.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/io/clock.h>

#include "io/sim/attempt.h"
#include "io/sim/disk.h"
#include "io/sim/net.h"
#include "io/sim/tcp.h"
#include "io/sim/trace.h"
#include "io/sim/world.h"

enum {
    DEFAULT_STACK = 64 * 1024,
    DEFAULT_BUFFER = 17 * 1024, /* as the evented engine's: a TLS record fits */
    DEFAULT_BUFFERS = 4096,
    DEFAULT_DESCRIPTORS = 1 << 20,
    DEFAULT_COST = 100,
    DEFAULT_PATIENCE = 100000000,
    POOLED_STACKS = 1024,
    OPS_IN_A_ROW = 128,
    LOOKS_IN_A_ROW = 64, /* at the clock, before each costs … */
    LOOK_FACTOR = 100,   /* … so many times more */
};

typedef struct sim_program {
    struct sim_program *next;
    weir_spawn spawn;
} sim_program;

_Thread_local world *weir_sim_here;

static const weir_io_table table;

static int fill_defaults(weir_sim_options *options)
{
    if (!options->stack_size) options->stack_size = DEFAULT_STACK;
    if (!options->buffer_size) options->buffer_size = DEFAULT_BUFFER;
    if (!options->max_buffers) options->max_buffers = DEFAULT_BUFFERS;
    if (!options->max_descriptors) options->max_descriptors = DEFAULT_DESCRIPTORS;
    if (!options->cost.ns) options->cost.ns = DEFAULT_COST;
    if (!options->patience) options->patience = DEFAULT_PATIENCE;
    bool absurd = options->buffer_size < 1024 || options->buffer_size > 1 << 24 ||
                  options->max_descriptors < 0 || options->cost.ns < 0 || options->limit.ns < 0 ||
                  options->cost.ns > 1000000000 || (unsigned)options->order > WEIR_SIM_ADVERSE;
    return absurd ? WEIR_EINVAL : 0;
}

static void seed(world *w)
{
    weir_prng_seed(&w->schedule, w->options.seed);
    weir_prng_seed(&w->network, w->options.seed ^ UINT64_C(0x6E6574776F726B21));
    weir_prng_seed(&w->program, w->options.seed ^ UINT64_C(0x70726F6772616D21));
    w->hash = w->options.seed;
}

int weir_sim_create(const weir_sim_options *options, weir_sim **out)
{
    *out = NULL;
    world *w = calloc(1, sizeof *w);
    if (!w) return WEIR_ENOMEM;
    if (options) w->options = *options;
    int error = fill_defaults(&w->options);
    if (!error) {
        weir_stack_options stacks = {.stack_size = w->options.stack_size, .reserve = sizeof(fiber)};
        error = weir_stack_slabs_create(&w->stacks, &stacks);
    }
    if (!error) error = weir_sim_routes_open(w);
    if (error) {
        if (w->stacks) weir_stack_slabs_destroy(w->stacks);
        free(w);
        return error;
    }
    seed(w);
    w->now = SIM_START_NS;
    w->cost = w->options.cost.ns;
    w->last_host = &w->hosts;
    w->rested_end = &w->rested;
    w->asked_end = &w->asked_first;
    w->handed_end = &w->handed;
    w->stirred_end = &w->stirred;
    weir_stack_pool_init(&w->pool, w->stacks, POOLED_STACKS);
    *out = w;
    return 0;
}

static void free_host(host *h)
{
    for (sim_program *p = h->boot, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    if (h->net) weir_sim_unplan(&h->world->agenda, &h->net->pace.event);
    if (h->net) weir_sim_rests_end(h);
    if (h->net) weir_sim_ports_end(h->net);
    free(h->net);
    weir_sim_disk_free(h->disk);
    weir_sim_nodes_close(h);
    free(h);
}

void weir_sim_destroy(weir_sim *w)
{
    if (!w) return;
    for (host *h = w->hosts; h; h = h->next) weir_sim_nodes_close_all(h);
    weir_sim_nodes_end(w);
    weir_sim_tcp_end(w);
    weir_sim_udp_end(w);
    for (host *h = w->hosts, *next; h; h = next) {
        next = h->next;
        free_host(h);
    }
    weir_sim_routes_close(w);
    for (char *buffer = w->buffers, *next; buffer; buffer = next) {
        memcpy(&next, buffer, sizeof next);
        free(buffer);
    }
    weir_sim_faults_end(w->faults);
    weir_sim_agenda_end(&w->agenda);
    weir_stack_pool_close(&w->pool);
    weir_stack_slabs_destroy(w->stacks);
    free(w->ready.slots);
    weir_sim_trace_end(w);
    free(w);
}

int weir_sim_add_host(weir_sim *w, const char *name, const char *address, weir_sim_host **out)
{
    *out = NULL;
    host *h = calloc(1, sizeof *h);
    if (!h) return WEIR_ENOMEM;
    h->io.table = &table;
    h->io.one_thread = true;
    h->io.virtual_time = true;
    h->world = w;
    h->name = name;
    h->index = w->host_count;
    weir_prng_seed(&h->memory, sim_seed_of(w, "memory!!", h->index));
    weir_prng_seed(&h->files, sim_seed_of(w, "files!!!", h->index));
    int error = weir_sim_nodes_open(h, (uint32_t)w->options.max_descriptors);
    if (!error) error = weir_sim_routes_add(h, address);
    if (error) {
        free_host(h);
        return error;
    }
    w->host_count++;
    *w->last_host = h;
    w->last_host = &h->next;
    *out = h;
    return 0;
}

int weir_sim_engine_create(const weir_sim_options *options, weir_io **out)
{
    world *w;
    host *h;
    *out = NULL;
    int error = weir_sim_create(options, &w);
    if (error) return error;
    error = weir_sim_add_host(w, "here", NULL, &h);
    if (error) {
        weir_sim_destroy(w);
        return error;
    }
    w->owned = true;
    *out = &h->io;
    return 0;
}

weir_sim *weir_sim_of(weir_io *io)
{
    return io->table->destroy == table.destroy ? ((host *)io)->world : NULL;
}

weir_sim_host *weir_sim_host_of(weir_io *io)
{
    return weir_sim_of(io) ? (host *)io : NULL;
}

weir_io *weir_sim_io(weir_sim_host *h)
{
    return &h->io;
}

const char *weir_sim_host_name(const weir_sim_host *h)
{
    return h->name;
}

uint64_t weir_sim_hash(const weir_sim *w)
{
    return w->hash;
}

void weir_sim_set_limit(weir_sim *w, weir_duration limit)
{
    const bool is_any = limit.ns <= 0 || limit.ns >= WEIR_FOREVER_NS - SIM_START_NS;
    w->options.limit = limit;
    w->limit = is_any ? WEIR_FOREVER_NS : SIM_START_NS + limit.ns;
}

void weir_sim_set_skew(weir_sim_host *h, weir_duration ahead)
{
    h->skew = ahead.ns;
    h->drifts_from = h->world->now;
    if (sim_is_recorded(h->world)) weir_sim_trace_fault(h, WEIR_SIM_SKEW, NULL, ahead.ns);
}

int weir_sim_boot(host *h)
{
    int error = 0;
    for (sim_program *p = h->boot; p && !error; p = p->next)
        error = weir_sim_fiber_spawn(h, &p->spawn);
    return error;
}

int weir_sim_start(weir_sim_host *h, const char *name, weir_task_fn *run, void *argument)
{
    sim_program *program = malloc(sizeof *program);
    if (!program) return WEIR_ENOMEM;
    *program = (sim_program){
        .spawn = {.run = run, .argument = argument, .group = &h->programs, .name = name}};
    const int error = weir_sim_fiber_spawn(h, &program->spawn);
    if (error) {
        free(program);
        return error;
    }
    sim_program **end = &h->boot;
    while (*end) end = &(*end)->next;
    *end = program;
    return 0;
}

static void destroy(weir_io *io)
{
    world *w = ((host *)io)->world;
    if (w->owned) weir_sim_destroy(w);
}

/* What weir_run starts. */
typedef struct root {
    weir_task_fn *run;
    void *argument;
    int result;
} root;

/* The root's end is also that of the programs and detached tasks of all hosts. */
static int root_main(weir_io *io, void *argument)
{
    root *r = argument;
    world *w = ((host *)io)->world;
    r->result = r->run(io, r->argument);
    for (host *h = w->hosts; h; h = h->next) {
        weir_group_close(io, &h->programs);
        weir_group_close(io, &h->io.detached);
    }
    w->root_ended = true;
    return 0;
}

static int open_run(world *w)
{
    w->overflow = (weir_overflow_watch){.slabs = w->stacks};
    int error = weir_overflow_install(&w->overflow);
    if (error) return error;
    weir_fiber_adopt(&w->loop);
    w->root_ended = false;
    w->op_budget = OPS_IN_A_ROW;
    w->steps = 0;
    w->error = 0;
    weir_sim_set_limit(w, w->options.limit);
    weir_sim_here = w;
    return 0;
}

static int run(weir_io *io, weir_task_fn *fn, void *argument)
{
    host *h = (host *)io;
    world *w = h->world;
    if (w->running) return WEIR_EBUSY;
    if (w->abandoned) return WEIR_EDEADLK;
    world *outer = weir_sim_here;
    int error = open_run(w);
    if (error) return error;
    w->running = true;
    root r = {.run = fn, .argument = argument};
    weir_spawn spawn = {.run = root_main, .argument = &r, .name = "root"};
    error = weir_sim_fiber_spawn(h, &spawn);
    if (!error) {
        weir_sim_loop(w);
        error = w->error;
    }
    for (host *each = w->hosts; each; each = each->next)
        each->programs.canceled = each->io.detached.canceled = 0;
    w->running = false;
    weir_sim_here = outer;
    weir_overflow_uninstall(&w->overflow);
    return error ? error : r.result;
}

static weir_instant now(weir_io *io, int clock)
{
    host *h = (host *)io;
    world *w = h->world;
    /* Looking takes time, too: who looks until an instant has come will see it come; soon, if
     * nothing else is done in between. */
    if (sim_is_inside(h)) w->now += ++w->looks > LOOKS_IN_A_ROW ? LOOK_FACTOR * w->cost : w->cost;
    switch (clock) {
    case WEIR_CLOCK_REAL: return (weir_instant){sim_real_time(h)};
    case WEIR_CLOCK_PROCESS:
    case WEIR_CLOCK_THREAD: return (weir_instant){(int64_t)h->counts.switches * w->cost};
    default: return (weir_instant){w->now};
    }
}

static void fill_random(weir_io *io, void *out, size_t len)
{
    world *w = ((host *)io)->world;
    weir_prng_fill(&w->program, out, len);
    if (sim_is_inside((host *)io)) sim_note_down(w, NOTE_RANDOM, len, sim_digest(out, len));
}

/* Nobody outside the world may guess them, and nobody outside is asked. */
static int fill_random_secure(weir_io *io, void *out, size_t len)
{
    fill_random(io, out, len);
    return 0;
}

static void describe(const weir_io *io, weir_io_description *out)
{
    (void)io;
    *out = (weir_io_description){
        .engine = "sim", .reactor = "agenda", .why = "the simulator was asked for", .workers = 1};
}

/* A run is one thread's: what another one would bring comes at no instant of the world. */
static int post(weir_io *io, weir_post *post)
{
    host *h = (host *)io;
    if (!sim_is_inside(h) || !h->world->running) return WEIR_ENOTRUNNING;
    post->run(io, post);
    return 0;
}

static const weir_io_table table = {
    .run = run,
    .perform = weir_sim_perform,
    .submit = weir_sim_submit,
    .queue_init = weir_sim_queue_init,
    .queue_next = weir_sim_queue_next,
    .queue_try = weir_sim_queue_try,
    .cancel = weir_sim_cancel,
    .complete = weir_sim_complete,
    .spawn = weir_sim_spawn,
    .interrupt = weir_sim_interrupt,
    .self = weir_sim_self,
    .yield = weir_sim_yield,
    .now = now,
    .random = fill_random,
    .random_secure = fill_random_secure,
    .give_back = weir_sim_give_back,
    .post = post,
    .tasks = weir_sim_tasks,
    .count = weir_sim_count,
    .describe = describe,
    .destroy = destroy,
};
