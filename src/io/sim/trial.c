/* SPDX-License-Identifier: MIT
 *
 * One run of a scenario: its world, its script of faults, its verdict.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/sim/runner.h>
#include <weir/io/sim/trace.h>

#include "io/sim/runner_trial.h"
#include "io/sim/trace.h"

enum { LIMIT_DAYS = 30 };

/* What ends a fault of a kind; WEIR_SIM_FAULTS: nothing does. */
static weir_sim_fault_kind end_of(weir_sim_fault_kind kind)
{
    switch (kind) {
    case WEIR_SIM_CUT: return WEIR_SIM_JOIN;
    case WEIR_SIM_UNPLUG: return WEIR_SIM_PLUG;
    case WEIR_SIM_CRASH: return WEIR_SIM_RESTART;
    case WEIR_SIM_SKEW:
    case WEIR_SIM_DESCRIPTORS:
    case WEIR_SIM_SLOW:
    case WEIR_SIM_DRIFT:
    case WEIR_SIM_DISK_ERROR:
    case WEIR_SIM_DISK_FULL:
    case WEIR_SIM_MEMORY:
    case WEIR_SIM_SLOW_READER: return kind; /* with the value 0 */
    default: return WEIR_SIM_FAULTS;
    }
}

static bool ends(const weir_sim_fault *end, const weir_sim_fault *fault)
{
    return end_of(fault->kind) == end->kind && end->host == fault->host &&
           end->other == fault->other && end->at.ns >= fault->at.ns &&
           (end->kind != fault->kind || (end->value == 0 && fault->value != 0));
}

/* The fault before `at` that it is the end of, + 1; or 0.  The last one that has no end yet: those
 * that are drawn stand side by side. */
static uint8_t find_begin(const weir_sim_trial *trial, size_t at)
{
    for (size_t i = at; i-- > 0;) {
        bool has_end = trial->begun_by[i] != 0;
        for (size_t j = i + 1; j < at; j++) has_end |= trial->begun_by[j] == i + 1;
        if (!has_end && ends(&trial->faults[at], &trial->faults[i])) return (uint8_t)(i + 1);
    }
    return 0;
}

bool weir_sim_trial_has(const weir_sim_trial *trial, uint64_t left_out, size_t i)
{
    const size_t decides = trial->begun_by[i] ? trial->begun_by[i] - 1u : i;
    return !(left_out >> decides & 1);
}

static int plan(weir_sim_trial *trial, size_t from)
{
    for (size_t i = from; i < trial->fault_count; i++) {
        const weir_sim_fault *fault = &trial->faults[i];
        trial->hosts[i][0] = weir_sim_host_name(fault->host);
        trial->hosts[i][1] = fault->other ? weir_sim_host_name(fault->other) : NULL;
        trial->begun_by[i] = find_begin(trial, i);
        if (!weir_sim_trial_has(trial, trial->left_out, i)) continue;
        const int error = weir_sim_plan_faults(trial->sim, fault, 1);
        if (error) return error;
    }
    return 0;
}

int weir_sim_trial_draw(weir_sim_trial *trial, weir_duration duration,
                        weir_sim_host *const victims[], size_t victim_count)
{
    const size_t from = trial->fault_count;
    trial->fault_count +=
        weir_sim_draw_faults(trial->sim, trial->profile, duration, victims, victim_count,
                             trial->faults + from, WEIR_SIM_TRIAL_FAULTS - from);
    return plan(trial, from);
}

int weir_sim_trial_fault(weir_sim_trial *trial, const weir_sim_fault *fault)
{
    if (trial->fault_count == WEIR_SIM_TRIAL_FAULTS) return WEIR_ENOMEM;
    trial->faults[trial->fault_count++] = *fault;
    return plan(trial, trial->fault_count - 1);
}

static uint64_t mix(uint64_t sum, char byte)
{
    return (sum ^ (unsigned char)byte) * UINT64_C(0x100000001B3);
}

/* A text without its numbers. */
static uint64_t kind_of_text(const char *text)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    for (; *text; text++) {
        if (*text < '0' || *text > '9') sum = mix(sum, *text);
    }
    return sum;
}

/* Whether a format says something by itself. */
static bool has_words(const char *format)
{
    while ((format = strpbrk(format, "%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) !=
           NULL) {
        if (*format != '%') return true;
        format += 1 + strcspn(format + 1, "%diouxXeEfFgGaAcspnm");
        format += *format != 0;
    }
    return false;
}

void weir_sim_fail(weir_sim_trial *trial, const char *format, ...)
{
    va_list list;
    if (trial->failed) return;
    trial->failed = true;
    va_start(list, format);
    vsnprintf(trial->why, sizeof trial->why, format, list);
    va_end(list);
    trial->kind = kind_of_text(has_words(format) ? format : trial->why);
    if (trial->sim) weir_sim_trace_wrong(trial->sim, "%s", trial->why);
}

/* A world that could not go on, or whose scenario could not. */
static void judge(weir_sim_trial *trial, int error)
{
    const char *wrong = trial->sim ? trial->sim->wrong : NULL;
    char text[128];
    snprintf(text, sizeof text, "the world %s%s%s%s", wrong ? wrong : "",
             wrong && error ? ", and " : "", error ? "ended with " : "",
             error ? weir_errname(error) : "");
    if (error || wrong) weir_sim_fail(trial, "%s", text);
}

bool weir_sim_try(const weir_sim_scenario *scenario, weir_sim_trial *trial, uint64_t *hash)
{
    const weir_sim_options options = {
        .seed = trial->seed, .all_bytes = trial->all_bytes, .limit = weir_days(LIMIT_DAYS)};
    trial->fault_count = 0;
    trial->failed = false;
    int error = weir_sim_create(&options, &trial->sim);
    if (!error && trial->record) error = weir_sim_record(trial->sim, 0);
    if (!error && trial->follow) error = weir_sim_follow(trial->sim, trial->follow);
    if (!error) {
        weir_sim_use(trial->sim, trial->profile);
        error = scenario->run(trial);
    }
    judge(trial, error);
    if (hash) *hash = trial->sim ? weir_sim_hash(trial->sim) : 0;
    return !trial->failed;
}
