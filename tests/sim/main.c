/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation's program: runs scenarios, each seed in a process of its own, and says how it
 * went.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/run.h"

enum { SECONDS = 60, QUIET_ABOVE = 5 };

static struct sim_scenario *scenarios; /* By name. */

struct options {
    const char *scenario; /* NULL: all. */
    uint64_t seed;
    int count;
    const char *trace_path;
    int seconds;  /* Of one run. */
    int duration; /* Of all, in seconds; 0: by the count. */
    bool lists, compares, stops;
};

struct totals {
    int runs, failures;
    int too_long; /* Of the failures. */
    double virtual_seconds, real_seconds;
    uint64_t messages, points;
};

void sim_register(struct sim_scenario *scenario)
{
    struct sim_scenario **at = &scenarios;
    while (*at && strcmp((*at)->name, scenario->name) < 0)
        at = &(*at)->next;
    scenario->next = *at;
    *at = scenario;
}

static double real_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum outcome { GOOD, FAILED, TOO_LONG };

static enum outcome tell_failure(const struct sim_scenario *scenario, uint64_t seed, int status)
{
    bool is_too_long = WIFEXITED(status) && WEXITSTATUS(status) == SIM_TOO_LONG;
    printf("FAILED %s seed %llu: ", scenario->name, (unsigned long long)seed);
    if (WIFSIGNALED(status))
        printf("killed by signal %d\n", WTERMSIG(status));
    else if (is_too_long)
        printf("took too long\n");
    else
        printf("status %d\n", WEXITSTATUS(status));
    return is_too_long ? TOO_LONG : FAILED;
}

/* It has said how it failed. */
static enum outcome run_once(const struct sim_scenario *scenario, uint64_t seed,
                             const struct options *options, struct sim_result *result)
{
    int ends[2], status = 0;
    fflush(stdout);
    if (pipe(ends) != 0)
        return FAILED;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        sim_run(scenario, seed, options->trace_path, options->seconds, ends[1]);
    }
    close(ends[1]);
    bool is_whole = child > 0 && read(ends[0], result, sizeof(*result)) == sizeof(*result);
    close(ends[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    return is_whole && status == 0 ? GOOD : tell_failure(scenario, seed, status);
}

/* The trace of a run, all of it. NULL when it failed. */
static char *record(const struct sim_scenario *scenario, uint64_t seed,
                    const struct options *options, long *size)
{
    char path[] = "/tmp/sim_trace_XXXXXX";
    struct options own = *options;
    struct sim_result result;
    char *text = NULL;
    int fd = mkstemp(path);
    if (fd < 0)
        return NULL;
    own.trace_path = path;
    if (run_once(scenario, seed, &own, &result) == GOOD) {
        *size = (long)lseek(fd, 0, SEEK_END);
        text = malloc((size_t)*size + 1);
        if (text && pread(fd, text, (size_t)*size, 0) != *size)
            *size = 0;
    }
    close(fd);
    unlink(path);
    return text;
}

static bool is_repeatable(const struct sim_scenario *scenario, uint64_t seed,
                          const struct options *options)
{
    long sizes[2] = {0, 0};
    char *first = record(scenario, seed, options, &sizes[0]);
    char *second = record(scenario, seed, options, &sizes[1]);
    bool is_same = first && second && sizes[0] > 0 && sizes[0] == sizes[1] &&
                   memcmp(first, second, (size_t)sizes[0]) == 0;
    if (!is_same)
        printf("FAILED %s seed %llu: another trace the second time\n", scenario->name,
               (unsigned long long)seed);
    free(first);
    free(second);
    return is_same;
}

static void run_seed(const struct sim_scenario *scenario, uint64_t seed,
                     const struct options *options, struct totals *totals)
{
    struct sim_result result = {0};
    double begin = real_seconds();
    enum outcome outcome = run_once(scenario, seed, options, &result);
    bool is_good = outcome == GOOD;
    double took = real_seconds() - begin;
    if (is_good && options->compares)
        is_good = is_repeatable(scenario, seed, options);
    totals->runs++;
    totals->failures += !is_good;
    totals->too_long += outcome == TOO_LONG;
    totals->real_seconds += took;
    totals->virtual_seconds += (double)result.virtual_us / 1e6;
    totals->messages += result.messages;
    totals->points += result.points;
    if (is_good && options->count <= QUIET_ABOVE && !options->duration)
        printf("ok %-24s seed %llu: %.3f s virtual, %.3f s real, %llu messages, %llu points, "
               "trace %016llx\n",
               scenario->name, (unsigned long long)seed, (double)result.virtual_us / 1e6, took,
               (unsigned long long)result.messages, (unsigned long long)result.points,
               (unsigned long long)result.trace_sum);
}

static bool goes_on(const struct options *options, int round, double begin)
{
    return options->duration ? real_seconds() - begin < options->duration : round < options->count;
}

static int run_all(const struct options *options)
{
    struct totals totals = {0};
    double begin = real_seconds();
    for (int i = 0; goes_on(options, i, begin); i++) {
        for (const struct sim_scenario *at = scenarios; at; at = at->next) {
            if (options->stops && totals.failures > totals.too_long)
                continue;
            if (options->scenario ? strcmp(at->name, options->scenario) == 0 : !at->is_wrong)
                run_seed(at, options->seed + (uint64_t)i, options, &totals);
        }
    }
    printf("%d runs from seed %llu, %d failed: %.1f s virtual, %.1f s real, %llu messages, %llu "
           "points\n",
           totals.runs, (unsigned long long)options->seed, totals.failures, totals.virtual_seconds,
           totals.real_seconds, (unsigned long long)totals.messages,
           (unsigned long long)totals.points);
    return totals.failures > 0 || totals.runs == 0;
}

static int usage(void)
{
    fprintf(stderr,
            "tests/sim/run [--scenario NAME] [--seed N] [--count K] [--list] [--trace FILE]\n"
            "              [--twice] [--stop] [--seconds S] [--for S] [--full]\n"
            "  without --scenario: all of them; without --seed: a new one\n"
            "  --twice: each seed must give the same trace again\n"
            "  --stop: at the first failure that is not one of time\n"
            "  --seconds: limit of the processor's time of a run, 0 for none\n"
            "  --for: seed after seed for as many seconds\n"
            "  --full: scenarios of many brokers or clients at their full size\n");
    return 2;
}

static bool read_options(struct options *options, int count, char **arguments)
{
    static const struct option names[] = {
        {"scenario", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'},
        {"list", no_argument, NULL, 'l'},
        {"trace", required_argument, NULL, 't'},
        {"twice", no_argument, NULL, '2'},
        {"stop", no_argument, NULL, '1'},
        {"seconds", required_argument, NULL, 'x'},
        {"for", required_argument, NULL, 'f'},
        {"full", no_argument, NULL, 'a'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(count, arguments, "", names, NULL)) != -1) {
        switch (option) {
        case 'n':
            options->scenario = optarg;
            break;
        case 's':
            options->seed = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            options->count = atoi(optarg);
            break;
        case 'l':
            options->lists = true;
            break;
        case 't':
            options->trace_path = optarg;
            break;
        case '2':
            options->compares = true;
            break;
        case '1':
            options->stops = true;
            break;
        case 'x':
            options->seconds = atoi(optarg);
            break;
        case 'a':
            sim_set_full();
            break;
        case 'f':
            options->duration = atoi(optarg);
            break;
        default:
            return false;
        }
    }
    return optind == count && options->count > 0;
}

int main(int count, char **arguments)
{
    struct options options = {
        .seed = (uint64_t)time(NULL) % 1000000000, .count = 1, .seconds = SECONDS};
    if (!read_options(&options, count, arguments))
        return usage();
    if (options.lists) {
        for (const struct sim_scenario *at = scenarios; at; at = at->next)
            printf("%-24s %s\n", at->name, at->text);
        return 0;
    }
    return run_all(&options);
}
