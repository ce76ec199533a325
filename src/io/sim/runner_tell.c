/* SPDX-License-Identifier: MIT
 *
 * What the runner has to say at the end: as text, and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "io/sim/runner_seeds.h"
#include "io/sim/runner_trial.h"

static void print_repeat(const sim_plan *p, uint64_t seed, uint64_t left_out)
{
    printf("%s --profile %s --seed %llu", p->scenario->name, weir_sim_profile_name(p->profile),
           (unsigned long long)seed);
    const char *separator = " --without ";
    for (int i = 0; i < WEIR_SIM_TRIAL_FAULTS; i++) {
        if (!(left_out >> i & 1)) continue;
        printf("%s%d", separator, i);
        separator = ",";
    }
}

static void print_fault(const weir_sim_trial *trial, size_t i)
{
    char text[WEIR_DURATION_ROOM];
    const weir_sim_fault *fault = &trial->faults[i];
    weir_duration_print(fault->at, text, sizeof text);
    printf("  fault %zu, after %s: %s %s%s%s (%lld)", i, text, weir_sim_fault_name(fault->kind),
           trial->hosts[i][0], trial->hosts[i][1] ? " to " : "",
           trial->hosts[i][1] ? trial->hosts[i][1] : "", (long long)fault->value);
    if (trial->begun_by[i]) printf(", the end of %d", trial->begun_by[i] - 1);
    putchar('\n');
}

void weir_sim_tell_trial(const sim_plan *p, const weir_sim_trial *trial, uint64_t left_out)
{
    char shown[SIM_SHOWN]; /* what came over a network may be in it */
    printf("seed %llu fails: %s\n", (unsigned long long)trial->seed,
           sim_shown(trial->why, strlen(trial->why), shown));
    for (size_t i = 0; i < trial->fault_count; i++)
        if (weir_sim_trial_has(trial, left_out, i)) print_fault(trial, i);
    printf("repeat: ");
    print_repeat(p, trial->seed, left_out);
    printf("\nsee it: the same with --trace FILE (text; - is standard output) or --svg FILE\n");
}

size_t weir_sim_missed(const sim_plan *p, const sim_outcome *outcome)
{
    const sim_tally *tally = &outcome->tally;
    size_t missed = tally->is_full;
    if (p->left_out) return 0; /* of a script that is not whole nothing is expected */
    for (uint32_t i = 0; i < tally->count; i++)
        missed += sim_counter_is_missed(&tally->counters[i], sim_plan_total(p));
    return missed;
}

void weir_sim_tell_counters(const sim_plan *p, const sim_outcome *outcome)
{
    const sim_tally *tally = &outcome->tally;
    for (uint32_t i = 0; i < tally->count; i++) {
        const sim_counter *counter = &tally->counters[i];
        const bool missed = !p->left_out && sim_counter_is_missed(counter, sim_plan_total(p));
        printf("  %-*s %12llu  in %llu seeds%s\n", WEIR_SIM_COUNTER_NAME - 1, counter->name,
               (unsigned long long)counter->sum, (unsigned long long)counter->seeds,
               missed ? "  <- expected" : "");
    }
    if (tally->is_full) printf("  there are more than %d counters\n", WEIR_SIM_COUNTERS);
    const size_t missed = weir_sim_missed(p, outcome);
    if (missed > 0) printf("%zu of what was expected never happened\n", missed);
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void print_counter(const sim_counter *counter)
{
    print_quoted(counter->name);
    printf(":{\"sum\":%llu,\"seeds\":%llu,\"expected_in\":%llu}", (unsigned long long)counter->sum,
           (unsigned long long)counter->seeds, (unsigned long long)counter->expected);
}

void weir_sim_tell_json(const sim_plan *p, const sim_outcome *outcome)
{
    const sim_tally *tally = &outcome->tally;
    printf("{\"scenario\":");
    print_quoted(p->scenario->name);
    printf(",\"profile\":\"%s\",\"seeds\":%llu,\"run\":%llu,\"failed\":%llu,\"missed\":%zu",
           weir_sim_profile_name(p->profile), (unsigned long long)sim_plan_total(p),
           (unsigned long long)outcome->done, (unsigned long long)outcome->failed,
           weir_sim_missed(p, outcome));
    printf(",\"counters\":{");
    for (uint32_t i = 0; i < tally->count; i++) {
        if (i) putchar(',');
        print_counter(&tally->counters[i]);
    }
    printf("},\"failures\":[");
    for (size_t i = 0; i < outcome->count; i++) {
        const sim_failure *failure = &outcome->failures[i];
        printf("%s{\"seed\":%llu,\"why\":", i ? "," : "", (unsigned long long)failure->seed);
        print_quoted(failure->why);
        printf(",\"repeat\":\"");
        print_repeat(p, failure->seed, p->left_out);
        printf("\"}");
    }
    printf("]}\n");
}
