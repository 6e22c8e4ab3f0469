#include "effects/executor.h"

#include <stdio.h>
#include <string.h>

#include "effects/clock.h"
#include "effects/errands.h"
#include "effects/look.h"
#include "effects/looks.h"
#include "effects/notes.h"
#include "effects/services.h"

/* A supervisor may die; if one after the other is lost, something else is wrong. */
enum { LOSSES_MAX = 3 };

/* What is under way. A process and an evaluation never are at once in a sequential run, but
 * looks at the world run within an evaluation. */
struct rb_real {
    struct rb_real_options o;
    struct rb_engine *engine;
    struct rb_supervisor *supervisor;
    struct rb_services *services;
    struct rb_worker *worker;
    uv_timer_t timer, mend;
    rb_time due; /* of the timer */
    bool resumed;
    const struct rb_value *step; /* of the effect under way; NULL: the start of the run */
    int64_t attempt;
    const struct rb_value *process; /* folder of the action under way; NULL: none */
    const char *phase;              /* of the evaluation under way; NULL: none */
    struct rb_looks *looks;         /* of that evaluation */
    int losses;                     /* of supervisors, since one has answered */
    struct rb_errands *errands;
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

/* Puts in a fact about the step under way; `owned` are its other members. False when it could not
 * be recorded. */
static bool put(struct rb_real *real, enum rb_event_type type, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("step", real->step ? rb_value_ref(real->step) : NULL, "attempt",
                     real->step ? rb_value_int(real->attempt) : NULL, NULL);
    struct rb_error err = {0};
    if (rb_engine_put(real->engine, type, rb_value_merge(which, own), &err))
        return true;
    real->o.broke(real->o.context, &err);
    return false;
}

/* Processes */

static void mend(uv_timer_t *timer);

static void process_settled(struct rb_real *real, enum rb_event_type type,
                            const struct rb_value *owned)
{
    let_go(&real->process);
    put(real, type, owned);
}

static enum rb_effect_kind driver_of(const struct rb_value *call)
{
    const char *name = rb_value_get_text(call, "call", "");
    return strcmp(name, "http.request") == 0 ? RB_EFFECT_HTTP
           : strcmp(name, "pg.query") == 0   ? RB_EFFECT_SQL
                                             : RB_EFFECT_PROCESS;
}

static bool runs_program(const struct rb_value *call)
{
    return driver_of(call) == RB_EFFECT_PROCESS;
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
    real->losses = 0;
    if (rb_looks_settle(real->looks, dir, outcome))
        return;
    if (is_text(real->process, dir) && had_no_room(real, outcome))
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
    struct rb_error err = {0};
    rb_supervisor_close(real->supervisor);
    real->supervisor = NULL;
    if (++real->losses > LOSSES_MAX) {
        rb_fail(&err, RB_ERR_PROTOCOL, "%d supervisors in a row were lost", LOSSES_MAX);
        real->o.broke(real->o.context, &err);
        return;
    }
    if (real->process)
        find(real);
    RB_AUTO_VALUE const struct rb_value *gone =
        never_started("the supervisor that ran it is gone");
    rb_looks_lose(real->looks, runs_program, gone);
}

/* Notes of an attempt that the record has just begun mean that the record lost something that
 * it had said was safe: never run it again on the quiet. */
static bool is_new(struct rb_real *real)
{
    const char *dir = rb_value_as_text(real->process, "");
    if (real->supervisor ? rb_supervisor_is_new(real->supervisor, dir)
                         : !rb_note_any(real->o.run->dir, dir))
        return true;
    process_settled(real, RB_EV_EFFECT_DOUBT,
                    rb_value_map("why",
                                 rb_value_text("there are notes of this attempt that the "
                                               "record does not know of"),
                                 NULL));
    return false;
}

/* Requests, once their secrets are here. */

static bool is_service(enum rb_effect_kind kind)
{
    return kind == RB_EFFECT_HTTP || kind == RB_EFFECT_SQL;
}

static void ask_service(struct rb_real *real, const struct rb_errand *errand)
{
    struct rb_error err = {0};
    const struct rb_secrets *secrets = rb_vault_secrets(real->o.vault);
    const struct rb_node *node = rb_state_current(real->o.state);
    bool good =
        errand->resumed
            ? rb_services_find(real->services, errand->kind, errand->request,
                               node->active->note, secrets, &err)
            : rb_services_run(real->services, errand->kind, errand->request, secrets, &err);
    if (!good)
        real->o.broke(real->o.context, &err);
}

static const struct rb_value *without_secret(enum rb_effect_kind kind, const char *why)
{
    if (!is_service(kind))
        return rb_value_map("spawn_error", rb_value_text("ENOKEY"), "what",
                            rb_value_text(why), NULL);
    return rb_value_map("error",
                        rb_value_map("code", rb_value_text("unsent"), "message",
                                     rb_value_text(why), "sent", rb_value_text("no"), NULL),
                        "sent", rb_value_text("no"), NULL);
}

static void undone(void *context, const char *dir)
{
    struct rb_real *real = context;
    if (is_text(real->process, dir))
        process_settled(real, RB_EV_EFFECT_UNSTARTED, NULL);
}

static void doubtful(void *context, const char *dir, const char *why)
{
    struct rb_real *real = context;
    if (is_text(real->process, dir))
        process_settled(real, RB_EV_EFFECT_DOUBT,
                        rb_value_map("why", rb_value_text(why), NULL));
}

static void ready(void *context, const struct rb_errand *errand, const char *why)
{
    struct rb_real *real = context;
    struct rb_error err = {0};
    const char *dir = rb_value_get_text(errand->request, "dir", "");
    if (why && errand->resumed) {
        doubtful(real, dir, why);
    } else if (why) {
        RB_AUTO_VALUE const struct rb_value *outcome = without_secret(errand->kind, why);
        settled(real, dir, outcome);
    } else if (is_service(errand->kind)) {
        ask_service(real, errand);
    } else if (open_supervisor(real) &&
               !rb_supervisor_run(real->supervisor, errand->request,
                                  rb_vault_secrets(real->o.vault), &err)) {
        lost(real, NULL);
    }
}

/* That somebody has to be there stops the run, before anything of the step has happened. */
static void unasked(void *context, const char *why)
{
    struct rb_real *real = context;
    struct rb_error err = {0};
    if (!rb_engine_put(real->engine, RB_EV_SIGNAL_RECEIVED,
                       rb_value_map("name", rb_value_text("secret"), "level",
                                    rb_value_int(2), "why", rb_value_text(why), NULL),
                       &err))
        real->o.broke(real->o.context, &err);
}

static void begin_process(struct rb_real *real, const struct rb_value *request)
{
    real->process = rb_value_ref(rb_value_get(request, "dir"));
    if (real->resumed)
        find(real);
    else if (open_supervisor(real) && is_new(real))
        rb_errands_add(real->errands, RB_EFFECT_PROCESS, request, false);
}

static void begin_service(struct rb_real *real, const struct rb_effect *effect,
                          const struct rb_value *request)
{
    real->process = rb_value_ref(rb_value_get(request, "dir"));
    if (real->resumed || is_new(real))
        rb_errands_add(real->errands, effect->kind, request, real->resumed);
}

/* What the transaction is known by is on disk before it is committed. */
static void noted(void *context, const char *dir, const struct rb_value *note)
{
    struct rb_real *real = context;
    if (is_text(real->process, dir) &&
        put(real, RB_EV_EFFECT_NOTED, rb_value_map("note", rb_value_ref(note), NULL)))
        rb_services_go_on(real->services, dir);
}

/* Evaluations */

static bool begin_look(void *context, const struct rb_value *call, const char *dir)
{
    struct rb_real *real = context;
    enum rb_effect_kind kind = driver_of(call);
    RB_AUTO_VALUE const struct rb_value *request = NULL, *outcome = NULL;
    if (kind == RB_EFFECT_PROCESS)
        request = rb_look_request(real->o.state, dir, call);
    else if (!rb_look_service(real->o.state, kind, dir, call, &request, &outcome)) {
        rb_looks_settle(real->looks, dir, outcome);
        return true;
    }
    if (kind == RB_EFFECT_PROCESS && !open_supervisor(real))
        return false;
    rb_errands_add(real->errands, kind, request, false);
    return true;
}

static void end_look(void *context, const struct rb_value *call, const char *dir)
{
    struct rb_real *real = context;
    if (is_service(driver_of(call)))
        rb_services_end(real->services, driver_of(call), dir);
    else if (real->supervisor)
        rb_supervisor_end(real->supervisor, dir);
}

static void looks_answered(void *context, const struct rb_value *outcomes)
{
    struct rb_real *real = context;
    rb_worker_answer(real->worker, outcomes);
}

static void asked(void *context, const struct rb_value *calls)
{
    struct rb_real *real = context;
    RB_AUTO_VALUE const struct rb_value *prefix =
        rb_value_textf("%s.%lld.%s.%d", rb_value_as_text(real->step, "start"),
                       (long long)real->attempt, real->phase, real->o.writer);
    rb_looks_ask(real->looks, calls, rb_value_as_text(prefix, ""));
}

/* Whoever asked is gone: the answers must not be taken for those to a later question. */
static void drop_looks(struct rb_real *real)
{
    rb_errands_drop(real->errands);
    rb_looks_drop(real->looks);
}

static void done(void *context, const struct rb_value *outcome)
{
    struct rb_real *real = context;
    drop_looks(real);
    RB_AUTO_VALUE const struct rb_value *evidence = rb_looks_evidence(real->looks);
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
    drop_looks(real);
    rb_value_unref(rb_looks_evidence(real->looks));
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
    } else if (is_service(effect->kind)) {
        begin_service(real, effect, request);
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
    bool action = effect->kind == RB_EFFECT_PROCESS || is_service(effect->kind);
    if (action && real->process && rb_errands_drop(real->errands)) {
        process_settled(real, RB_EV_EFFECT_UNSTARTED, NULL);
    } else if (effect->kind == RB_EFFECT_PROCESS && real->process) {
        rb_supervisor_end(real->supervisor, rb_value_as_text(real->process, ""));
    } else if (is_service(effect->kind) && real->process) {
        rb_services_end(real->services, effect->kind, rb_value_as_text(real->process, ""));
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
    const struct rb_services_events services = {.context = real,
                                                .settled = settled,
                                                .noted = noted,
                                                .undone = undone,
                                                .doubtful = doubtful};
    const struct rb_looks_events looks = {
        .context = real, .begin = begin_look, .end = end_look, .answered = looks_answered};
    real->services = rb_services_new(options->loop, options->run->dir, &services);
    const struct rb_errands_events errands = {
        .context = real, .ready = ready, .unasked = unasked};
    real->looks = rb_looks_new(&looks);
    real->errands = rb_errands_new(options->vault, options->resumed, &errands);
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
    rb_errands_free(real->errands);
    rb_supervisor_close(real->supervisor);
    rb_services_free(real->services);
    rb_worker_free(real->worker);
    rb_looks_free(real->looks);
    const struct rb_value **slots[] = {&real->step, &real->process, &real->question};
    for (size_t i = 0; i < RB_COUNT(slots); i++)
        let_go(slots[i]);
    real->open_handles = 2;
    uv_close((uv_handle_t *)&real->timer, closed);
    uv_close((uv_handle_t *)&real->mend, closed);
}
