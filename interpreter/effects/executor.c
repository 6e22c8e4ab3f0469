#include "effects/executor.h"

#include <stdio.h>
#include <string.h>

#include "effects/clock.h"
#include "effects/look.h"

/* What is under way. A process and an evaluation never are at once in a sequential run, but a
 * look at the world runs within an evaluation. */
struct rb_real {
    struct rb_real_options o;
    struct rb_engine *engine;
    struct rb_supervisor *supervisor;
    struct rb_worker *worker;
    uv_timer_t timer, mend;
    rb_time due; /* of the timer */
    bool resumed;
    bool recalled;               /* what earlier interpreters had fetched */
    const struct rb_value *step; /* of the effect under way; NULL: the start of the run */
    int64_t attempt;
    const struct rb_value *process; /* folder of the process under way; NULL: none */
    const char *phase;              /* of the evaluation under way; NULL: none */
    struct rb_list_builder evidence;
    const struct rb_value *call, *look; /* a look at the world: the call, its folder */
    int looks;                          /* so far: makes folders unique */
    const struct rb_value *waiting;  /* a request whose secrets are fetched; NULL: none */
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

static void look_settled(struct rb_real *real, const struct rb_value *outcome)
{
    rb_list_add(&real->evidence, rb_look_evidence(real->call, outcome));
    let_go(&real->call);
    let_go(&real->look);
    rb_worker_answer(real->worker, outcome);
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
    if (is_text(real->look, dir))
        look_settled(real, outcome);
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
    if (real->look) {
        RB_AUTO_VALUE const struct rb_value *outcome =
            never_started("the supervisor that ran it is gone");
        look_settled(real, outcome);
    }
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

/* That somebody has to be there stops the run, before anything of the step has happened. */
static void stop_for_secret(struct rb_real *real, const char *why)
{
    struct rb_error err = {0};
    if (!rb_engine_put(real->engine, RB_EV_SIGNAL_RECEIVED,
                       rb_value_map("name", rb_value_text("secret"), "level",
                                    rb_value_int(2), "why", rb_value_text(why), NULL),
                       &err))
        real->o.broke(real->o.context, &err);
}

static void fetched(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_real *real = context;
    struct rb_error err = {0};
    if (end == RB_VAULT_UNASKED) {
        stop_for_secret(real, why); /* and so withdraws what waits */
        return;
    }
    RB_AUTO_VALUE const struct rb_value *request = real->waiting;
    real->waiting = NULL;
    if (end == RB_VAULT_READY) {
        if (!rb_supervisor_run(real->supervisor, request, rb_vault_secrets(real->o.vault),
                               &err))
            lost(real, NULL);
        return;
    }
    RB_AUTO_VALUE const struct rb_value *outcome = rb_value_map(
        "spawn_error", rb_value_text("ENOKEY"), "what", rb_value_text(why), NULL);
    if (real->look)
        look_settled(real, outcome);
    else
        process_settled(real, RB_EV_EFFECT_RESULT, rb_value_ref(outcome));
}

static void fetch(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_real *real = context;
    RB_AUTO_VALUE const struct rb_value *names = rb_vault_names(real->waiting);
    (void)end, (void)why;
    rb_vault_need(real->o.vault, names, fetched, real);
}

/* To the supervisor, once the secrets in it are here. */
static void fetch_and_run(struct rb_real *real, const struct rb_value *request)
{
    bool recall = real->o.resumed && !real->recalled;
    real->waiting = rb_value_ref(request);
    real->recalled = true;
    if (recall)
        rb_vault_recall(real->o.vault, fetch, real);
    else
        fetch(real, RB_VAULT_READY, NULL);
}

/* Whether a request waited; it was not sent. */
static bool stop_waiting(struct rb_real *real)
{
    if (!real->waiting)
        return false;
    rb_vault_cancel(real->o.vault);
    let_go(&real->waiting);
    return true;
}

static void begin_process(struct rb_real *real, const struct rb_value *request)
{
    real->process = rb_value_ref(rb_value_get(request, "dir"));
    if (real->resumed)
        find(real);
    else if (open_supervisor(real) && is_new(real))
        fetch_and_run(real, request);
}

/* Evaluations */

static void asked(void *context, const struct rb_value *call)
{
    struct rb_real *real = context;
    real->call = rb_value_ref(call);
    real->look = rb_value_textf("%s.%lld.%s.%d.%d", rb_value_as_text(real->step, "start"),
                                (long long)real->attempt, real->phase, real->o.writer,
                                ++real->looks);
    RB_AUTO_VALUE const struct rb_value *request =
        rb_look_request(real->o.state, rb_value_as_text(real->look, ""), call);
    if (open_supervisor(real))
        fetch_and_run(real, request);
}

/* Whoever asked is gone: the answer must not be taken for that to a later question. */
static void drop_look(struct rb_real *real)
{
    if (!stop_waiting(real) && real->look && real->supervisor)
        rb_supervisor_end(real->supervisor, rb_value_as_text(real->look, ""));
    let_go(&real->call);
    let_go(&real->look);
}

static void done(void *context, const struct rb_value *outcome)
{
    struct rb_real *real = context;
    drop_look(real);
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
    drop_look(real);
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
        if (stop_waiting(real))
            process_settled(real, RB_EV_EFFECT_UNSTARTED, NULL);
        else
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
    stop_waiting(real);
    rb_supervisor_close(real->supervisor);
    rb_worker_free(real->worker);
    const struct rb_value **slots[] = {&real->step, &real->process, &real->call,
                                       &real->look, &real->question};
    for (size_t i = 0; i < RB_COUNT(slots); i++)
        let_go(slots[i]);
    rb_value_unref(rb_list_end(&real->evidence));
    real->open_handles = 2;
    uv_close((uv_handle_t *)&real->timer, closed);
    uv_close((uv_handle_t *)&real->mend, closed);
}
