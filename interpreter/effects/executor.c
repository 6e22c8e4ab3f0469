#include "effects/executor.h"

#include <stdio.h>
#include <string.h>

#include "effects/clock.h"
#include "effects/look.h"

/* Looks that are under way at the same time; the others wait for their turn. */
enum { LOOKS_AT_ONCE = 64 };

/* A look at the world: what is asked, the folder that it has, what came of it (NULL: nothing
 * yet). */
struct look {
    const struct rb_value *call, *dir, *outcome;
};

/* What is under way. A process and an evaluation never are at once in a sequential run, but
 * looks at the world run within an evaluation. */
struct rb_real {
    struct rb_real_options o;
    struct rb_engine *engine;
    struct rb_supervisor *supervisor;
    struct rb_worker *worker;
    uv_timer_t timer, mend;
    rb_time due; /* of the timer */
    bool resumed;
    const struct rb_value *step; /* of the effect under way; NULL: the start of the run */
    int64_t attempt;
    const struct rb_value *process; /* folder of the process under way; NULL: none */
    const char *phase;              /* of the evaluation under way; NULL: none */
    struct rb_list_builder evidence;
    struct look *looks; /* asked for together, in their order */
    size_t look_count, looks_begun, looks_settled;
    int look_number;                 /* of the run so far: makes folders unique */
    const struct rb_value *question; /* asked; NULL: none */
    int open_handles;
};

static void let_go(const struct rb_value **slot)
{
    rb_value_unref(*slot);
    *slot = NULL;
}

static bool is_text(const struct rb_value *value, const char *text)
{
    return value && strcmp(rb_value_as_text(value, ""), text) == 0;
}

/* Puts in a fact about the step under way; `owned` are its other members. */
static void put(struct rb_real *real, enum rb_event_type type, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("step", real->step ? rb_value_ref(real->step) : NULL, "attempt",
                     real->step ? rb_value_int(real->attempt) : NULL, NULL);
    struct rb_error err = {0};
    if (!rb_engine_put(real->engine, type, rb_value_merge(which, own), &err))
        real->o.broke(real->o.context, &err);
}

/* Processes */

static void mend(uv_timer_t *timer);

static void process_settled(struct rb_real *real, enum rb_event_type type,
                            const struct rb_value *owned)
{
    let_go(&real->process);
    put(real, type, owned);
}

static void forget_looks(struct rb_real *real)
{
    for (size_t i = 0; i < real->look_count; i++) {
        let_go(&real->looks[i].call);
        let_go(&real->looks[i].dir);
        let_go(&real->looks[i].outcome);
    }
    free(real->looks);
    real->looks = NULL;
    real->look_count = real->looks_begun = real->looks_settled = 0;
}

static void begin_looks(struct rb_real *real);

/* Answers when all that was asked for together is there. What was asked is forgotten first: the
 * answer may bring the next question. */
static void look_settled(struct rb_real *real, struct look *look,
                         const struct rb_value *outcome)
{
    struct rb_list_builder outcomes = {0};
    if (look->outcome)
        return;
    look->outcome = rb_value_ref(outcome);
    if (++real->looks_settled < real->look_count) {
        begin_looks(real);
        return;
    }
    for (size_t i = 0; i < real->look_count; i++) {
        rb_list_add(&real->evidence,
                    rb_look_evidence(real->looks[i].call, real->looks[i].outcome));
        rb_list_add(&outcomes, rb_value_ref(real->looks[i].outcome));
    }
    RB_AUTO_VALUE const struct rb_value *answers = rb_list_end(&outcomes);
    forget_looks(real);
    rb_worker_answer(real->worker, answers);
}

static struct look *find_look(struct rb_real *real, const char *dir)
{
    for (size_t i = 0; i < real->look_count; i++) {
        if (is_text(real->looks[i].dir, dir))
            return &real->looks[i];
    }
    return NULL;
}

/* Not even the note of its start had room: it was not started, and can be later. */
static bool had_no_room(const struct rb_real *real, const struct rb_value *outcome)
{
    const char *why = rb_value_get_text(outcome, "spawn_error", "");
    return (strcmp(why, "ENOSPC") == 0 || strcmp(why, "EDQUOT") == 0) &&
           rb_supervisor_is_new(real->supervisor, rb_value_as_text(real->process, ""));
}

static void leave_unstarted(struct rb_real *real)
{
    struct rb_error err = {0};
    if (!rb_engine_disk_full(real->engine, &err))
        real->o.broke(real->o.context, &err);
    process_settled(real, RB_EV_EFFECT_UNSTARTED, NULL);
}

static void settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct rb_real *real = context;
    struct look *look = find_look(real, dir);
    if (look)
        look_settled(real, look, outcome);
    else if (is_text(real->process, dir) && had_no_room(real, outcome))
        leave_unstarted(real);
    else if (is_text(real->process, dir))
        process_settled(real, RB_EV_EFFECT_RESULT, rb_value_ref(outcome));
}

/* The supervisor is gone with something under way. Not from within its own call: it is closed
 * and another opened. */
static void lost(void *context, const char *dir)
{
    struct rb_real *real = context;
    (void)dir;
    uv_timer_start(&real->mend, mend, 0, 0);
}

static bool open_supervisor(struct rb_real *real)
{
    const struct rb_supervisor_events events = {
        .context = real, .settled = settled, .lost = lost};
    struct rb_error err = {0};
    if (real->supervisor ||
        rb_supervisor_open(real->o.loop, real->o.run, &events, &real->supervisor, &err))
        return true;
    real->o.broke(real->o.context, &err);
    return false;
}

/* What became of a process whose intent is on record, when nobody has told us. */
static void find(struct rb_real *real)
{
    const struct rb_value *outcome = NULL;
    if (!open_supervisor(real))
        return;
    switch (rb_supervisor_find(real->supervisor, rb_value_as_text(real->process, ""),
                               &outcome)) {
    case RB_FOUND_RUNNING:
        put(real, RB_EV_EFFECT_ADOPTED, NULL);
        break;
    case RB_FOUND_ENDED:
        process_settled(real, RB_EV_EFFECT_RESULT, outcome);
        break;
    case RB_FOUND_UNSTARTED:
        process_settled(real, RB_EV_EFFECT_UNSTARTED, NULL);
        break;
    case RB_FOUND_DOUBT:
        outcome = rb_value_map(
            "why", rb_value_text("it was started, and nothing says whether it ended"),
            NULL);
        process_settled(real, RB_EV_EFFECT_DOUBT, outcome);
        break;
    }
}

static const struct rb_value *never_started(const char *what)
{
    return rb_value_map("spawn_error", rb_value_text("ESRCH"), "what", rb_value_text(what),
                        NULL);
}

static void mend(uv_timer_t *timer)
{
    struct rb_real *real = timer->data;
    rb_supervisor_close(real->supervisor);
    real->supervisor = NULL;
    if (real->process)
        find(real);
    RB_AUTO_VALUE const struct rb_value *gone =
        never_started("the supervisor that ran it is gone");
    real->looks_begun = real->look_count;
    for (size_t i = real->look_count; i-- > 0 && real->look_count > 0;)
        look_settled(real, &real->looks[i], gone);
}

/* Notes of an attempt that the record has just begun mean that the record lost something that
 * it had said was safe: never run it again on the quiet. */
static bool is_new(struct rb_real *real)
{
    if (rb_supervisor_is_new(real->supervisor, rb_value_as_text(real->process, "")))
        return true;
    process_settled(real, RB_EV_EFFECT_DOUBT,
                    rb_value_map("why",
                                 rb_value_text("there are notes of this attempt that the "
                                               "record does not know of"),
                                 NULL));
    return false;
}

static void begin_process(struct rb_real *real, const struct rb_value *request)
{
    struct rb_error err = {0};
    real->process = rb_value_ref(rb_value_get(request, "dir"));
    if (real->resumed)
        find(real);
    else if (open_supervisor(real) && is_new(real) &&
             !rb_supervisor_run(real->supervisor, request, &err))
        lost(real, NULL);
}

/* Evaluations */

static bool begin_look(struct rb_real *real, const struct look *look)
{
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *request =
        rb_look_request(real->o.state, rb_value_as_text(look->dir, ""), look->call);
    if (!open_supervisor(real))
        return false;
    if (rb_supervisor_run(real->supervisor, request, &err))
        return true;
    lost(real, NULL);
    return false;
}

static void begin_looks(struct rb_real *real)
{
    while (real->looks_begun < real->look_count &&
           real->looks_begun - real->looks_settled < LOOKS_AT_ONCE) {
        if (!begin_look(real, &real->looks[real->looks_begun++]))
            return;
    }
}

static void asked(void *context, const struct rb_value *calls)
{
    struct rb_real *real = context;
    size_t count = rb_value_count(calls);
    real->looks = rb_alloc(count * sizeof *real->looks);
    real->look_count = count;
    for (size_t i = 0; i < count; i++) {
        real->looks[i].call = rb_value_ref(rb_value_at(calls, i));
        real->looks[i].dir = rb_value_textf(
            "%s.%lld.%s.%d.%d", rb_value_as_text(real->step, "start"),
            (long long)real->attempt, real->phase, real->o.writer, ++real->look_number);
    }
    begin_looks(real);
}

/* Whoever asked is gone: the answers must not be taken for those to a later question. */
static void drop_looks(struct rb_real *real)
{
    for (size_t i = 0; real->supervisor && i < real->looks_begun; i++) {
        if (!real->looks[i].outcome)
            rb_supervisor_end(real->supervisor, rb_value_as_text(real->looks[i].dir, ""));
    }
    forget_looks(real);
}

static void done(void *context, const struct rb_value *outcome)
{
    struct rb_real *real = context;
    drop_looks(real);
    RB_AUTO_VALUE const struct rb_value *evidence = rb_list_end(&real->evidence);
    const struct rb_value *items = rb_value_get(outcome, "items");
    const struct rb_value *cut = rb_value_get(outcome, "cut");
    const struct rb_value *d = rb_value_map(
        "cut", cut ? rb_value_ref(cut) : NULL, "phase", rb_value_text(real->phase), "items",
        items ? rb_value_ref(items) : rb_value_list(NULL), "evidence",
        rb_value_count(evidence) ? rb_value_ref(evidence) : NULL, NULL);
    real->phase = NULL;
    put(real, RB_EV_EVAL_RESULT, d);
}

static void withdraw_eval(struct rb_real *real)
{
    if (!real->phase)
        return;
    real->phase = NULL;
    rb_worker_withdraw(real->worker);
    rb_value_unref(rb_list_end(&real->evidence));
    drop_looks(real);
}

/* Questions */

static void answered(void *context, const struct rb_value *answer, const char *why)
{
    struct rb_real *real = context;
    RB_AUTO_VALUE const struct rb_value *question = real->question;
    if (!question)
        return;
    real->question = NULL;
    RB_AUTO_VALUE const struct rb_value *who = rb_value_map(
        "q", rb_value_ref(rb_value_get(question, "q")), "by",
        rb_value_text(real->o.operator_name), "why",
        answer ? NULL : rb_value_text(why ? why : "there is no terminal"), NULL);
    put(real, answer ? RB_EV_QUESTION_ANSWERED : RB_EV_QUESTION_UNANSWERED,
        rb_value_merge(answer, who));
}

static void begin_ask(struct rb_real *real, const struct rb_value *question)
{
    real->question = rb_value_ref(question);
    if (real->o.asker.ask)
        real->o.asker.ask(real->o.asker.self, question, answered, real);
    else
        answered(real, NULL, NULL);
}

/* The engine's side */

static void begin(void *self, const struct rb_effect *effect,
                  const struct rb_value *request)
{
    struct rb_real *real = self;
    struct rb_error err = {0};
    let_go(&real->step);
    real->step = effect->node < 0 ? NULL : rb_effect_step(real->o.state, effect);
    real->attempt = effect->attempt;
    if (effect->kind == RB_EFFECT_PROCESS) {
        begin_process(real, request);
    } else if (effect->kind == RB_EFFECT_ASK) {
        begin_ask(real, request);
    } else {
        real->phase = effect->phase;
        if (!rb_worker_run(real->worker, request, &err))
            real->o.broke(real->o.context, &err);
    }
    real->resumed = false;
}

static void withdraw(void *self, const struct rb_effect *effect)
{
    struct rb_real *real = self;
    if (effect->kind == RB_EFFECT_PROCESS && real->process) {
        rb_supervisor_end(real->supervisor, rb_value_as_text(real->process, ""));
    } else if (effect->kind == RB_EFFECT_EVAL) {
        withdraw_eval(real);
    } else if (effect->kind == RB_EFFECT_ASK && real->question) {
        let_go(&real->question);
        if (real->o.asker.unask)
            real->o.asker.unask(real->o.asker.self);
    }
}

/* Of whatever waits: no effect is under way that it could be about. */
static void put_timer(struct rb_real *real)
{
    struct rb_error err = {0};
    if (!rb_engine_put(real->engine, RB_EV_TIMER_DUE, rb_value_map(NULL), &err))
        real->o.broke(real->o.context, &err);
}

static void due(uv_timer_t *timer);

static void arm(struct rb_real *real)
{
    rb_time left = real->due - rb_clock_mono();
    uv_update_time(real->o.loop);
    uv_timer_start(&real->timer, due, left > 0 ? (uint64_t)(left / RB_MS + 1) : 0, 0);
}

/* The loop's clock is a coarse one and may be early; the core has no use for a time that has
 * not come. */
static void due(uv_timer_t *timer)
{
    struct rb_real *real = timer->data;
    if (rb_clock_mono() < real->due)
        arm(real);
    else
        put_timer(real);
}

static void wake(void *self, rb_time mono)
{
    struct rb_real *real = self;
    uv_timer_stop(&real->timer);
    real->due = mono;
    if (mono != 0)
        arm(real);
}

struct rb_executor rb_real_executor(struct rb_real *real)
{
    return (struct rb_executor){
        .self = real, .begin = begin, .withdraw = withdraw, .wake = wake};
}

struct rb_real *rb_real_new(const struct rb_real_options *options)
{
    struct rb_real *real = rb_alloc(sizeof *real);
    real->o = *options;
    real->resumed = options->resumed;
    const struct rb_worker_events events = {.context = real, .asked = asked, .done = done};
    real->worker =
        rb_worker_new(options->loop, options->worker_main, options->run->dir, &events);
    uv_timer_init(options->loop, &real->timer);
    uv_timer_init(options->loop, &real->mend);
    real->timer.data = real->mend.data = real;
    return real;
}

void rb_real_attach(struct rb_real *real, struct rb_engine *engine)
{
    real->engine = engine;
}

static void closed(uv_handle_t *handle)
{
    struct rb_real *real = handle->data;
    if (--real->open_handles == 0)
        free(real);
}

void rb_real_free(struct rb_real *real)
{
    if (!real)
        return;
    rb_supervisor_close(real->supervisor);
    rb_worker_free(real->worker);
    forget_looks(real);
    const struct rb_value **slots[] = {&real->step, &real->process, &real->question};
    for (size_t i = 0; i < RB_COUNT(slots); i++)
        let_go(slots[i]);
    rb_value_unref(rb_list_end(&real->evidence));
    real->open_handles = 2;
    uv_close((uv_handle_t *)&real->timer, closed);
    uv_close((uv_handle_t *)&real->mend, closed);
}
