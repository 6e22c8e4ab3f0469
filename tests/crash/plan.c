#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "disk.h"

/* Coins are tossed so many times for each call that changes something. */
enum { RANDOM_LOSSES = 4, SLOW_MOST = 40 };

static const char *const names[FAULT_KINDS] = {"none",  "kill", "both", "power", "error",
                                               "short", "torn", "lie",  "clock"};

const char *plan_fault_name(enum fault_kind kind)
{
    return names[kind];
}

static int call_at(const struct baseline *baseline, enum role role, int nth)
{
    return nth < TRACE_MAX ? baseline->trace[role][nth] & TRACE_CALL : 0;
}

const char *plan_call(const struct trial *trial, const struct baseline *baseline)
{
    const struct fault *fault = &trial->fault;
    return fault->memory ? "an allocation"
           : fault->nth == 0 || fault->nth > baseline->counts[fault->role]
               ? "the end"
               : seam_calls[call_at(baseline, fault->role, fault->nth)].name;
}

void plan_name(const struct trial *trial, char *ret_name, size_t size)
{
    const struct fault *f = &trial->fault;
    snprintf(ret_name, size, "%s:%s:%d:%d:%d:%d:%d:%d", trial->scene->name, names[f->kind],
             (int)f->role, f->nth, f->error, f->memory + 2 * f->for_ever, trial->loss,
             trial->again);
}

static const struct scene *scene_called(const char *name)
{
    for (int i = 0; i < scene_count; i++) {
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    }
    return NULL;
}

bool plan_parse(const char *name, struct trial *ret_trial)
{
    char scene[32], fault[32];
    int role, flags;
    struct trial trial = {0};
    // NOLINTNEXTLINE(cert-err34-c): the numbers are ours, as a finding printed them
    if (sscanf(name, "%31[^:]:%31[^:]:%d:%d:%d:%d:%d:%d", scene, fault, &role,
               &trial.fault.nth, &trial.fault.error, &flags, &trial.loss,
               &trial.again) != 8)
        return false;
    trial.scene = scene_called(scene);
    trial.fault.role = (enum role)role;
    trial.fault.memory = flags & 1;
    trial.fault.for_ever = flags & 2;
    *ret_trial = trial;
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        ret_trial->fault.kind = (enum fault_kind)kind;
        if (trial.scene && strcmp(names[kind], fault) == 0)
            return true;
    }
    return false;
}

static void add(struct plan *plan, const struct scene *scene, struct fault fault, int loss,
                int again)
{
    RB_GROW(plan->trials, plan->count, plan->capacity);
    plan->trials[plan->count++] = (struct trial){scene, fault, loss, again};
}

/* The calls of one role that belong to a class of a set. */
typedef void visitor(struct plan *plan, const struct scene *scene, enum role role, int nth,
                     const struct call *call);

static void each_call(struct plan *plan, const struct scene *scene,
                      const struct baseline *baseline, visitor *visit)
{
    for (int role = 0; role < ROLES; role++) {
        for (int nth = 1; nth <= baseline->counts[role] && nth < TRACE_MAX; nth++)
            visit(plan, scene, (enum role)role, nth,
                  &seam_calls[call_at(baseline, (enum role)role, nth)]);
    }
}

/* Every third is killed again while it resumes, at a call that walks along. */
static int again_at(const struct plan *plan)
{
    return plan->count % 3 == 2 ? 1 + (int)(plan->count * 7 % 120) : 0;
}

static void kills(struct plan *plan, const struct scene *scene, enum role role, int nth,
                  const struct call *call)
{
    (void)call;
    struct fault fault = {.kind = FAULT_KILL, .role = role, .nth = nth};
    add(plan, scene, fault, -1, again_at(plan));
}

/* A worker is nobody without its interpreter. */
static void kills_of_both(struct plan *plan, const struct scene *scene, enum role role,
                          int nth, const struct call *call)
{
    struct fault fault = {.kind = FAULT_BOTH, .role = role, .nth = nth};
    (void)call;
    if (role != WORKER)
        add(plan, scene, fault, -1, again_at(plan));
}

/* The disk loses nothing by a call that changes nothing on it. */
static void power_cuts(struct plan *plan, const struct scene *scene, enum role role,
                       int nth, const struct call *call)
{
    struct fault fault = {.kind = FAULT_POWER, .role = role, .nth = nth};
    if (role == WORKER)
        return;
    if (call->class != CHANGES && call->class != SYNCS && call->class != HELPERS)
        return;
    for (int loss = 0; loss < LOSS_RANDOM + RANDOM_LOSSES; loss++) {
        int seed = loss < LOSS_RANDOM ? loss : LOSS_RANDOM + nth * 16 + loss;
        add(plan, scene, fault, seed, again_at(plan));
    }
}

static void errors(struct plan *plan, const struct scene *scene, enum role role, int nth,
                   const struct call *call)
{
    for (int i = 0; call->errors[i]; i++) {
        struct fault fault = {
            .kind = FAULT_ERROR, .role = role, .nth = nth, .error = call->errors[i]};
        add(plan, scene, fault, -1, 0);
        fault.for_ever = true;
        if (fault.error != EINTR)
            add(plan, scene, fault, -1, 0);
    }
}

static void cut_write(struct plan *plan, const struct scene *scene, const struct call *call,
                      struct fault fault)
{
    if (strcmp(call->name, "write") == 0 || strcmp(call->name, "pwrite64") == 0)
        add(plan, scene, fault, -1, 0);
}

static void short_writes(struct plan *plan, const struct scene *scene, enum role role,
                         int nth, const struct call *call)
{
    struct fault fault = {.kind = FAULT_SHORT, .role = role, .nth = nth};
    cut_write(plan, scene, call, fault);
}

static void torn_writes(struct plan *plan, const struct scene *scene, enum role role,
                        int nth, const struct call *call)
{
    struct fault fault = {.kind = FAULT_TORN, .role = role, .nth = nth};
    cut_write(plan, scene, call, fault);
}

/* A disk that lies, from each sync on, and then the power goes after the end. */
static void lies(struct plan *plan, const struct scene *scene, enum role role, int nth,
                 const struct call *call)
{
    struct fault fault = {.kind = FAULT_LIE, .role = role, .nth = nth};
    if (call->class != SYNCS)
        return;
    for (int loss = 0; loss < LOSS_RANDOM + RANDOM_LOSSES; loss++)
        add(plan, scene, fault, loss < LOSS_RANDOM ? loss : LOSS_RANDOM + nth * 16 + loss,
            0);
}

static void clock_jumps(struct plan *plan, const struct scene *scene, enum role role,
                        int nth, const struct call *call)
{
    if (strcmp(call->name, "clock_gettime") == 0)
        add(plan, scene, (struct fault){.kind = FAULT_CLOCK, .role = role, .nth = nth}, -1,
            0);
}

/* The power goes when all is done: whatever was shown is there. */
static void after_the_end(struct plan *plan, const struct scene *scene)
{
    for (int loss = 0; loss < LOSS_RANDOM + RANDOM_LOSSES; loss++)
        add(plan, scene, (struct fault){0}, loss, 0);
}

/* Once or for ever by turns, or both. */
static void allocations(struct plan *plan, const struct scene *scene,
                        const struct baseline *baseline, bool both)
{
    for (int role = 0; role < ROLES; role++) {
        for (int nth = 1; nth <= baseline->allocated[role]; nth++) {
            struct fault fault = {.kind = FAULT_ERROR,
                                  .role = (enum role)role,
                                  .nth = nth,
                                  .memory = true,
                                  .for_ever = nth % 2,
                                  .error = ENOMEM};
            add(plan, scene, fault, -1, 0);
            fault.for_ever = !fault.for_ever;
            if (both)
                add(plan, scene, fault, -1, 0);
        }
    }
}

/* Those that are alike: of one process, while a write is under way or while none is. */
enum { SHARES = 2 * ROLES };

static size_t share_of(const struct trial *trial, const struct baseline *baseline)
{
    const struct fault *fault = &trial->fault;
    bool known = !fault->memory && fault->nth < TRACE_MAX;
    int call = known ? baseline->trace[fault->role][fault->nth] : 0;
    return 2 * (size_t)fault->role + (call & TRACE_UNDER_WAY ? 1 : 0);
}

/* One of each share in turn, until there are `most` or no more: however few there may be, they
 * are not all of the process that makes the most calls. */
static void deal(const struct plan shares[SHARES], size_t most, size_t turn,
                 size_t ret_counts[SHARES])
{
    for (size_t passed = 0; most > 0 && passed < SHARES; turn++) {
        size_t i = turn % SHARES;
        bool gives = ret_counts[i] < shares[i].count;
        passed = gives ? 0 : passed + 1;
        ret_counts[i] += gives;
        most -= gives;
    }
}

/* Adds `count` of a share: one out of each part of the list, anywhere in it, so that no rhythm
 * of the list is hit again and again. */
static void add_some(struct plan *plan, const struct plan *share, size_t count)
{
    for (size_t i = 0; share->trials && i < count; i++) {
        size_t begin = share->count * i / count, end = share->count * (i + 1) / count;
        size_t room = end > begin ? end - begin : 1;
        size_t at = begin + ((i + 1) * UINT64_C(2654435761) >> 7) % room;
        const struct trial *trial = &share->trials[at];
        add(plan, trial->scene, trial->fault, trial->loss, trial->again);
    }
}

/* Moves those of `from` into `plan`, at most `most` of them (none given: all). `turn` is the share that
 * has the first. */
static void take(struct plan *plan, struct plan *from, const struct baseline *baseline,
                 int most, size_t turn)
{
    struct plan shares[SHARES] = {0};
    size_t counts[SHARES] = {0};
    for (size_t i = 0; i < from->count; i++) {
        const struct trial *trial = &from->trials[i];
        add(&shares[share_of(trial, baseline)], trial->scene, trial->fault, trial->loss,
            trial->again);
    }
    deal(shares, most > 0 ? (size_t)most : from->count, turn, counts);
    for (size_t i = 0; i < SHARES; i++) {
        add_some(plan, &shares[i], counts[i]);
        free(shares[i].trials);
    }
    free(from->trials);
}

struct plan plan_all(const struct scene *scene, const struct baseline *baseline, int most)
{
    static visitor *const visits[] = {kills,        kills_of_both, power_cuts, errors,
                                      short_writes, torn_writes,   lies,       clock_jumps};
    enum { ALLOCATIONS = 400 };
    struct plan plan = {0}, memory = {0}, end = {0};
    bool whole = most == PLAN_WHOLE;
    int most_memory = most == PLAN_BOUNDED || most == PLAN_CALLS ? ALLOCATIONS : most;
    if (scene->slow && (most == PLAN_BOUNDED || most > SLOW_MOST))
        most = most_memory = SLOW_MOST;
    /* Another one in each scene and kind, so that all of them come to every share. */
    size_t turn = (size_t)(scene - scenes);
    for (size_t i = 0; i < RB_COUNT(visits); i++) {
        struct plan of_kind = {0};
        each_call(&of_kind, scene, baseline, visits[i]);
        take(&plan, &of_kind, baseline, most, turn + i);
    }
    allocations(&memory, scene, baseline, whole);
    take(&plan, &memory, baseline, most_memory, turn);
    after_the_end(&end, scene);
    take(&plan, &end, baseline, most, turn);
    return plan;
}
