#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "disk.h"

/* Coins are tossed so many times for each call that changes something. */
enum { RANDOM_LOSSES = 4, SLOW_MOST = 40 };

static const char *const names[FAULT_KINDS] = {"none",  "kill", "power", "error",
                                               "short", "torn", "lie",   "clock"};

const char *plan_fault_name(enum fault_kind kind)
{
    return names[kind];
}

static int call_at(const struct baseline *baseline, enum role role, int nth)
{
    return nth < TRACE_MAX ? baseline->trace[role][nth] : 0;
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

static void power_offs(struct plan *plan, const struct scene *scene, enum role role,
                       int nth, const struct call *call)
{
    struct fault fault = {.kind = FAULT_POWER, .role = role, .nth = nth};
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

static void cut_writes(struct plan *plan, const struct scene *scene, enum role role,
                       int nth, const struct call *call)
{
    if (strcmp(call->name, "write") != 0 && strcmp(call->name, "pwrite64") != 0)
        return;
    add(plan, scene, (struct fault){.kind = FAULT_SHORT, .role = role, .nth = nth}, -1, 0);
    add(plan, scene, (struct fault){.kind = FAULT_TORN, .role = role, .nth = nth}, -1, 0);
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

static void allocations(struct plan *plan, const struct scene *scene,
                        const struct baseline *baseline)
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
        }
    }
}

/* Moves those of `from` into `plan`, at most `most` of them: one out of each part of the list,
 * anywhere in it, so that no rhythm of the list is hit again and again. */
static void take(struct plan *plan, struct plan *from, int most)
{
    size_t parts = most > 0 && from->count > (size_t)most ? (size_t)most : from->count;
    for (size_t i = 0; i < parts; i++) {
        size_t begin = from->count * i / parts, end = from->count * (i + 1) / parts;
        size_t at = begin + ((i + 1) * UINT64_C(2654435761) >> 7) % (end - begin);
        const struct trial *trial = &from->trials[at];
        add(plan, trial->scene, trial->fault, trial->loss, trial->again);
    }
    free(from->trials);
}

struct plan plan_all(const struct scene *scene, const struct baseline *baseline, int most)
{
    static visitor *const visits[] = {kills,      power_offs, power_cuts, errors,
                                      cut_writes, lies,       clock_jumps};
    enum { ALLOCATIONS = 400 };
    struct plan plan = {0}, memory = {0}, end = {0};
    if (scene->slow && (most == 0 || most > SLOW_MOST))
        most = SLOW_MOST;
    for (size_t i = 0; i < RB_COUNT(visits); i++) {
        struct plan of_kind = {0};
        each_call(&of_kind, scene, baseline, visits[i]);
        take(&plan, &of_kind, most);
    }
    allocations(&memory, scene, baseline);
    take(&plan, &memory, most > 0 ? most : ALLOCATIONS);
    after_the_end(&end, scene);
    take(&plan, &end, most);
    return plan;
}
