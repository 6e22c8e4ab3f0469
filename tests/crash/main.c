/* Crashes every example at every call: the process ends there, it and its helpers, or the whole
 * machine; the call fails, writes are cut short, syncs lie, and of what was not synced any part
 * is lost. After each, the run is taken to its end, and what was promised is looked for.
 *
 *   crash [--scene NAME] [--most N | --calls | --all] [--jobs N] [--until-broken]
 *         [TRIAL...]
 *
 *   --most N         of each kind of fault in each scene at most so many, of each process some
 *   --calls          each call also of the scenes that wait by the clock; without it those have a
 *                    bound, as allocations have
 *   --all            that, and each allocation, once and for ever
 *   --until-broken   begins no trial any more once a promise was broken
 *   --scenes         only says which there are, as JSON
 *   TRIAL            only this one, as a finding names it: hello:power:0:57:5:0:4:0 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk.h"
#include "plan.h"
#include "services.h"

enum { JOBS_MAX = 16, STATES_MAX = 1 << 16 };

/* What the workers tell together. */
struct tally {
    _Atomic int tried[FAULT_KINDS], lost, twice, unmet, broken;
    _Atomic size_t state_count;
    time_t began;
    _Atomic uint64_t states[STATES_MAX]; /* a hash table of the disks that were seen */
};

struct options {
    const char *scene;
    int most, jobs;
    bool until_broken;
    const char *const *trials;
};

static struct tally *tally;

static void *shared(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("crash");
        exit(1);
    }
    return memory;
}

static void count_state(uint64_t state)
{
    for (size_t i = state % STATES_MAX, tries = 0; state && tries < STATES_MAX; tries++) {
        uint64_t none = 0;
        _Atomic uint64_t *slot = &tally->states[(i + tries) % STATES_MAX];
        if (atomic_compare_exchange_strong(slot, &none, state)) {
            tally->state_count++;
            return;
        }
        if (none == state)
            return;
    }
}

/* What a broken promise has left behind, beside the world of the next trial. */
static void keep(const struct lab *lab, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s.%s", lab->world, name);
    if (rename(lab->world, path) == 0)
        fprintf(stderr, "what it left is in %s\n", path);
}

static void try_one(const struct lab *lab, const struct trial *trial,
                    const struct baseline *baseline)
{
    uint64_t state;
    char name[128];
    RB_AUTO_BUF struct rb_buf why = {0};
    enum trial_end end = trial_run(lab, trial, baseline, &state, &why);
    tally->tried[trial->fault.kind]++;
    tally->lost += trial->loss >= 0;
    tally->twice += trial->again > 0;
    tally->unmet += end == TRIAL_UNMET;
    count_state(state);
    if (end != TRIAL_BROKEN)
        return;
    tally->broken++;
    plan_name(trial, name, sizeof name);
    fprintf(stderr, "BROKEN %s: %s: %s\n", name, plan_call(trial, baseline),
            rb_buf_text(&why));
    keep(lab, name);
}

static time_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

/* A line for each scene as it begins, and each minute while it lasts. */
static void say_progress(const struct scene *scene, size_t done, size_t count)
{
    static time_t said;
    if (done > 0 && now() - said < 60)
        return;
    said = now();
    fprintf(stderr, "crash: after %d s: %s, %zu of %zu trials, %d promises broken\n",
            (int)(said - tally->began), scene->name, done, count, tally->broken);
}

/* Each scene in turn; the trials of one are shared out among the workers. */
static void work(const struct lab *lab, const struct options *options, int index)
{
    for (int i = 0; i < scene_count; i++) {
        const struct scene *scene = &scenes[i];
        struct baseline baseline = {0};
        RB_AUTO_BUF struct rb_buf why = {0};
        if (options->scene && strcmp(options->scene, scene->name) != 0)
            continue;
        if (!trial_baseline(lab, scene, &baseline, &why)) {
            fprintf(stderr, "BROKEN %s: %s\n", scene->name, rb_buf_text(&why));
            tally->broken++;
            continue;
        }
        struct plan plan = plan_all(scene, &baseline, options->most);
        for (size_t j = (size_t)index; j < plan.count; j += (size_t)options->jobs) {
            if (options->until_broken && tally->broken > 0)
                break;
            if (index == 0)
                say_progress(scene, j, plan.count);
            try_one(lab, &plan.trials[j], &baseline);
        }
        free(plan.trials);
        rb_buf_done(&baseline.effects);
    }
}

static void work_by_name(const struct lab *lab, const char *name)
{
    struct trial trial;
    struct baseline baseline = {0};
    RB_AUTO_BUF struct rb_buf why = {0};
    if (!plan_parse(name, &trial) || !trial_baseline(lab, trial.scene, &baseline, &why)) {
        fprintf(stderr, "crash: %s: there is no such trial %s\n", name, rb_buf_text(&why));
        exit(2);
    }
    try_one(lab, &trial, &baseline);
    fprintf(stderr, "crash: %s at %s\n", name, plan_call(&trial, &baseline));
    rb_buf_done(&baseline.effects);
}

static void be_worker(const char *base, const struct options *options, int index)
{
    struct lab lab = {.repository = SOURCE_ROOT, .worker = index};
    snprintf(lab.world, sizeof lab.world, "%s/%d", base, index);
    seam = shared(sizeof *seam);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (*options->trials) {
        for (const char *const *name = options->trials; *name; name++)
            work_by_name(&lab, *name);
    } else {
        work(&lab, options, index);
    }
    _exit(0);
}

static int report(int seconds)
{
    int all = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        all += tally->tried[kind];
    printf("crash: %d trials in %d s:", all, seconds);
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        if (tally->tried[kind] > 0)
            printf(" %s %d,", plan_fault_name((enum fault_kind)kind), tally->tried[kind]);
    }
    printf("\ncrash: %d lost what was not synced, in %zu different states of the disk; %d "
           "were "
           "killed again while they resumed; %d met no call\n",
           tally->lost, (size_t)tally->state_count, tally->twice, tally->unmet);
    printf("crash: %d promises broken\n", tally->broken);
    return tally->broken > 0 || all == 0;
}

static int usage(void)
{
    fputs("usage: crash [--scene NAME] [--most N | --calls | --all] [--jobs N] "
          "[--until-broken] [TRIAL...]\n",
          stderr);
    return 2;
}

/* A count, or 0 for what is none. */
static int count_of(const char *word)
{
    char *end;
    long count = strtol(word, &end, 10);
    return *end == '\0' && count > 0 && count <= INT_MAX ? (int)count : 0;
}

static bool read_value(const char *name, const char *value, struct options *options)
{
    if (strcmp(name, "--scene") == 0)
        options->scene = value;
    else if (strcmp(name, "--most") == 0)
        options->most = count_of(value);
    else if (strcmp(name, "--jobs") == 0)
        options->jobs = count_of(value);
    else
        return false;
    return true;
}

static bool read_options(char **argv, struct options *options)
{
    for (; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
        if (strcmp(*argv, "--until-broken") == 0)
            options->until_broken = true;
        else if (strcmp(*argv, "--all") == 0)
            options->most = PLAN_WHOLE;
        else if (strcmp(*argv, "--calls") == 0)
            options->most = PLAN_CALLS;
        else if (!argv[1] || !read_value(*argv, argv[1], options))
            return false;
        else
            argv++;
    }
    options->trials = (const char *const *)argv;
    if (*argv)
        options->jobs = 1;
    return options->jobs > 0 && options->jobs <= JOBS_MAX;
}

static int say_scenes(void)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    scenes_print(&out);
    return fputs(rb_buf_text(&out), stdout) < 0;
}

int runbook_main(int argc, char **argv);

int main(int argc, char **argv)
{
    /* A look at a file system is a process of whatever program it is asked by. */
    if (argc == 3 && strcmp(argv[1], "look") == 0)
        return runbook_main(argc, argv);
    if (argc == 2 && strcmp(argv[1], "--scenes") == 0)
        return say_scenes();
    struct options options = {.jobs = 2};
    char base[] = "/tmp/rb-crash-XXXXXX";
    if (!read_options(argv + 1, &options))
        return usage();
    if (!mkdtemp(base)) {
        perror(base);
        return 1;
    }
    tally = shared(sizeof *tally);
    tally->began = now();
    if (!services_start(SOURCE_ROOT, options.scene, options.jobs)) {
        fputs("crash: there are no services to ask\n", stderr);
        return 1;
    }
    for (int i = 0; i < options.jobs; i++) {
        if (fork() == 0)
            be_worker(base, &options, i);
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status != 0;
    bad |= report((int)(now() - tally->began));
    if (!tally->broken)
        trial_remove(base);
    return bad;
}
