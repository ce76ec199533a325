/* SPDX-License-Identifier: MIT
 *
 * Worlds with a mistake in them, each of which has to be found: the summary is what is then said.
 * planted.sh runs them.
 */
#include "dns_world.h"
#include "http_world.h"
#include "worlds.h"

static int run_with(weir_sim_trial *trial, http_bug bug)
{
    const http_plan plan = {
        .clients = 4, .requests = 30, .body = 20000, .all_kinds = true, .bug = bug};
    return http_run(trial, &plan, http_drawn_script);
}

static int no_bug(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_NO_BUG);
}

static int twice(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_TWICE);
}

static int leak_431(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_LEAK_431);
}

static int leak_408(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_LEAK_408);
}

static int another(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_ANOTHER);
}

static int memory(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_MEMORY);
}

static int lost(weir_sim_trial *trial)
{
    return run_with(trial, HTTP_BUG_LOST);
}

/* Memory would fail, were that not left out: what does not happen excuses nothing. */
static int left_out_script(weir_sim_trial *trial, http_world *world)
{
    const weir_sim_fault begin = {weir_seconds(1), WEIR_SIM_MEMORY, world->server, NULL, 1000000};
    const weir_sim_fault end = {weir_seconds(2), WEIR_SIM_MEMORY, world->server, NULL, 0};
    trial->left_out = 1;
    int error = weir_sim_trial_fault(trial, &begin);
    if (!error) error = weir_sim_trial_fault(trial, &end);
    if (http_excused(&world->clients[0])) weir_sim_fail(trial, "nothing happens and is an excuse");
    return error;
}

static int left_out(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 1, .requests = 1, .body = 100};
    const int error = http_run(trial, &plan, left_out_script);
    if (weir_sim_tally_of(trial->sim, weir_sim_fault_name(WEIR_SIM_MEMORY)) != 0)
        weir_sim_fail(trial, "nothing happens and is counted");
    return error;
}

static int drain(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 8,
                            .requests = 60,
                            .body = 5000,
                            .work = weir_milliseconds(100),
                            .drain_at = weir_milliseconds(1500),
                            .bug = HTTP_BUG_DRAIN};
    return http_run(trial, &plan, http_no_script);
}

static int dns_with(weir_sim_trial *trial, dns_bug bug)
{
    const dns_plan plan = {.clients = 1,
                           .tasks = 3,
                           .lookups = 15,
                           .moods = bug != DNS_BUG_OLD,
                           .liar = bug == DNS_BUG_GUESSED,
                           .dial = bug == DNS_BUG_LEAK,
                           .change = weir_milliseconds(400),
                           .bug = bug};
    return dns_run(trial, &plan);
}

static int dns_guessed(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_GUESSED);
}

static int dns_old(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_OLD);
}

static int dns_mixed(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_MIXED);
}

static int dns_no_name(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_NO_NAME);
}

static int dns_leak(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_LEAK);
}

static int dns_forgotten(weir_sim_trial *trial)
{
    return dns_with(trial, DNS_BUG_FORGOTTEN);
}

const weir_sim_scenario worlds[] = {
    {"none", "seeds, 0 failed", no_bug},
    {"twice", "is handled twice", twice},
    {"leak-431", "the server has left descriptors open", leak_431},
    {"leak-408", "the server has left descriptors open", leak_408},
    {"another", "the answer is to another", another},
    {"memory", "memory was lost", memory},
    {"lost", "was handled and its answer is lost", lost},
    {"left-out", "seeds, 0 failed", left_out},
    {"drain", "was handled and its answer is lost", drain},
    {"dns-guessed", "took a forged answer", dns_guessed},
    {"dns-old", "nobody told it", dns_old},
    {"dns-mixed", "of two versions", dns_mixed},
    {"dns-no-name", "was told by nobody that", dns_no_name},
    {"dns-leak", "descriptors open", dns_leak},
    {"dns-forgotten", "memory was lost", dns_forgotten},
};

const size_t worlds_count = sizeof worlds / sizeof worlds[0];
