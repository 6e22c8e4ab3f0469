#include "effects/evaluations.h"

#include <string.h>

#include "core/front.h"
#include "core/look.h"
#include "effects/clock.h"
#include "effects/look.h"
#include "effects/looks.h"

/* Lua that only computes takes a fraction of a millisecond: more at once is for those that wait for
 * an answer of the world. Guards have one more: however slow the checks of steps are and however
 * many wait, what watches them looks at its time. */
enum { SHARED = 4, DESKS };

struct evaluation {
    int node;   /* -1: of the start */
    bool guard; /* of one */
    const char *phase;
    const struct rb_value *step; /* NULL: the start */
    int64_t attempt;
    const struct rb_value *job;
};

/* A worker and what it evaluates. */
struct desk {
    struct rb_evaluations *all;
    struct rb_worker *worker;
    struct rb_looks *looks;
    struct evaluation at_work; /* job NULL: idle */
};

struct rb_evaluations {
    struct rb_evaluations_options o;
    struct desk desks[DESKS];
    struct evaluation *waiting;
    size_t count, capacity;
    int asked; /* times that the world was: makes the folders of looks unique */
};

static void let_go(struct evaluation *evaluation)
{
    rb_value_unref(evaluation->step);
    rb_value_unref(evaluation->job);
    *evaluation = (struct evaluation){0};
}

/* Looks */

static bool runs_program(const struct rb_value *call)
{
    return rb_look_driver(call) == RB_EFFECT_PROCESS;
}

static bool begin_look(void *context, const struct rb_value *call, const char *dir)
{
    struct desk *desk = context;
    enum rb_effect_kind kind = rb_look_driver(call);
    RB_AUTO_VALUE const struct rb_value *request = NULL, *outcome = NULL;
    const struct rb_state at = rb_state_at(desk->all->o.state, desk->at_work.node);
    rb_time most = rb_look_left(&at, rb_clock_mono());
    if (!rb_look_request(&at, dir, call, most, &request, &outcome)) {
        rb_looks_settle(desk->looks, dir, outcome);
        return true;
    }
    return rb_drivers_ask(desk->all->o.drivers, kind, request);
}

static void end_look(void *context, const struct rb_value *call, const char *dir)
{
    const struct desk *desk = context;
    (void)!rb_drivers_end(desk->all->o.drivers, rb_look_driver(call), dir);
}

static void looks_answered(void *context, const struct rb_value *outcomes)
{
    const struct desk *desk = context;
    rb_worker_answer(desk->worker, outcomes);
}

static void asked(void *context, const struct rb_value *calls)
{
    struct desk *desk = context;
    RB_AUTO_VALUE const struct rb_value *prefix =
        rb_value_textf("%s.%lld.%s.%d.%d", rb_value_as_text(desk->at_work.step, "start"),
                       (long long)desk->at_work.attempt, desk->at_work.phase,
                       desk->all->o.writer, ++desk->all->asked);
    rb_looks_ask(desk->looks, calls, rb_value_as_text(prefix, ""));
}

/* Evaluations */

static void start_waiting(struct rb_evaluations *all);

static void done(void *context, const struct rb_value *outcome)
{
    struct desk *desk = context;
    struct rb_evaluations *all = desk->all;
    rb_looks_drop(desk->looks);
    RB_AUTO_VALUE const struct rb_value *evidence = rb_looks_evidence(desk->looks);
    const struct rb_value *items = rb_value_get(outcome, "items");
    const struct rb_value *cut = rb_value_get(outcome, "cut");
    struct evaluation ended = desk->at_work;
    desk->at_work = (struct evaluation){0};
    all->o.put(
        all->o.context, ended.step, ended.attempt, RB_EV_EVAL_RESULT,
        rb_value_map("cut", rb_value_ref(cut), "phase", rb_value_text(ended.phase), "items",
                     items ? rb_value_ref(items) : rb_value_list(NULL), "evidence",
                     rb_value_count(evidence) ? rb_value_ref(evidence) : NULL, NULL));
    let_go(&ended);
    start_waiting(all);
}

static void open_desk(struct desk *desk)
{
    const struct rb_evaluations_options *o = &desk->all->o;
    const struct rb_worker_events worker = {.context = desk, .asked = asked, .done = done};
    const struct rb_looks_events looks = {
        .context = desk, .begin = begin_look, .end = end_look, .answered = looks_answered};
    desk->worker = rb_worker_new(o->loop, o->worker_main, o->run_dir, &worker);
    desk->looks = rb_looks_new(&looks);
}

static struct desk *idle_desk(struct rb_evaluations *all, bool guard)
{
    for (size_t i = 0; i < (guard ? DESKS : SHARED); i++) {
        struct desk *desk = &all->desks[i];
        if (!desk->worker)
            open_desk(desk);
        if (!desk->at_work.job)
            return desk;
    }
    return NULL;
}

static struct evaluation take_out(struct rb_evaluations *all, size_t at)
{
    struct evaluation evaluation = all->waiting[at];
    memmove(&all->waiting[at], &all->waiting[at + 1],
            (--all->count - at) * sizeof evaluation);
    return evaluation;
}

/* Guards come first, then those that have waited the longest. */
static size_t first_waiting(const struct rb_evaluations *all)
{
    size_t at = 0;
    while (at < all->count && !all->waiting[at].guard)
        at++;
    return at < all->count ? at : 0;
}

static void start_waiting(struct rb_evaluations *all)
{
    struct rb_error err = {0};
    while (all->count > 0) {
        size_t at = first_waiting(all);
        struct desk *desk = idle_desk(all, all->waiting[at].guard);
        if (!desk)
            return;
        desk->at_work = take_out(all, at);
        if (!rb_worker_run(desk->worker, desk->at_work.job, &err)) {
            all->o.broke(all->o.context, &err);
            return;
        }
    }
}

void rb_evaluations_begin(struct rb_evaluations *all, const struct rb_effect *effect,
                          const struct rb_value *job)
{
    RB_GROW(all->waiting, all->count, all->capacity);
    all->waiting[all->count++] = (struct evaluation){
        .node = effect->node,
        .guard = effect->node >= 0 && rb_front_is_guard(all->o.state, effect->node),
        .phase = effect->phase,
        .step = effect->node < 0 ? NULL : rb_effect_step(all->o.state, effect),
        .attempt = effect->attempt,
        .job = rb_value_ref(job)};
    start_waiting(all);
}

static void give_up(struct desk *desk)
{
    rb_worker_withdraw(desk->worker);
    rb_looks_drop(desk->looks);
    rb_value_unref(rb_looks_evidence(desk->looks));
    let_go(&desk->at_work);
}

void rb_evaluations_withdraw(struct rb_evaluations *all, const struct rb_effect *effect)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->waiting[i].node == effect->node) {
            struct evaluation off = take_out(all, i);
            let_go(&off);
            return;
        }
    }
    for (size_t i = 0; i < DESKS; i++) {
        if (all->desks[i].at_work.job && all->desks[i].at_work.node == effect->node) {
            give_up(&all->desks[i]);
            start_waiting(all);
            return;
        }
    }
}

bool rb_evaluations_settle(struct rb_evaluations *all, const char *dir,
                           const struct rb_value *outcome)
{
    for (size_t i = 0; i < DESKS; i++) {
        if (all->desks[i].at_work.job && rb_looks_settle(all->desks[i].looks, dir, outcome))
            return true;
    }
    return false;
}

void rb_evaluations_lose(struct rb_evaluations *all)
{
    RB_AUTO_VALUE const struct rb_value *gone =
        rb_value_map("spawn_error", rb_value_text("ESRCH"), "what",
                     rb_value_text("the supervisor that ran it is gone"), NULL);
    for (size_t i = 0; i < DESKS; i++) {
        if (all->desks[i].at_work.job)
            rb_looks_lose(all->desks[i].looks, runs_program, gone);
    }
}

struct rb_evaluations *rb_evaluations_new(const struct rb_evaluations_options *options)
{
    struct rb_evaluations *all = rb_alloc(sizeof *all);
    all->o = *options;
    for (size_t i = 0; i < DESKS; i++)
        all->desks[i].all = all;
    return all;
}

void rb_evaluations_free(struct rb_evaluations *all)
{
    if (!all)
        return;
    while (all->count > 0)
        let_go(&all->waiting[--all->count]);
    free(all->waiting);
    for (size_t i = 0; i < DESKS; i++) {
        let_go(&all->desks[i].at_work);
        rb_worker_free(all->desks[i].worker);
        rb_looks_free(all->desks[i].looks);
    }
    free(all);
}
