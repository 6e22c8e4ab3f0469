#include "effects/executor.h"

#include "effects/acts.h"
#include "effects/clock.h"
#include "effects/evaluations.h"
#include "effects/questions.h"

/* What precedes a look is on disk and shown after so long at the latest. */
enum { SOON_MS = 10 };

struct rb_real {
    struct rb_real_options o;
    struct rb_engine *engine;
    struct rb_drivers *drivers;
    struct rb_acts *acts;
    struct rb_evaluations *evaluations;
    struct rb_questions *questions;
    uv_timer_t timer, owed;
    rb_time due; /* of the timer */
    int open_handles;
};

/* The loop still turns to its end: what it has in hand by then is not begun. */
static void broke(void *context, const struct rb_error *err)
{
    const struct rb_real *real = context;
    rb_drivers_stop(real->drivers);
    real->o.broke(real->o.context, err);
}

static bool tell(struct rb_real *real, enum rb_event_type type,
                 const struct rb_value *owned)
{
    struct rb_error err = {0};
    if (rb_engine_put(real->engine, type, owned, &err))
        return true;
    broke(real, &err);
    return false;
}

static bool put(void *context, const struct rb_value *step, int64_t attempt,
                enum rb_event_type type, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *which = rb_value_map(
        "step", rb_value_ref(step), "attempt", step ? rb_value_int(attempt) : NULL, NULL);
    return tell(context, type, rb_value_merge(which, own));
}

static void disk_full(void *context)
{
    struct rb_real *real = context;
    struct rb_error err = {0};
    if (!rb_engine_disk_full(real->engine, &err))
        broke(real, &err);
}

/* What the drivers tell */

static void settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct rb_real *real = context;
    if (!rb_evaluations_settle(real->evaluations, dir, outcome))
        rb_acts_settle(real->acts, dir, outcome);
}

static void several(void *context)
{
    const struct rb_real *real = context;
    rb_engine_hold(real->engine);
}

static void no_more(void *context)
{
    struct rb_real *real = context;
    struct rb_error err = {0};
    if (!rb_engine_release(real->engine, &err))
        broke(real, &err);
}

static void adopted(void *context, const char *dir)
{
    struct rb_real *real = context;
    rb_acts_adopt(real->acts, dir);
}

static void undone(void *context, const char *dir)
{
    struct rb_real *real = context;
    rb_acts_undo(real->acts, dir);
}

static void doubtful(void *context, const char *dir, const char *why)
{
    struct rb_real *real = context;
    rb_acts_doubt(real->acts, dir, why);
}

static void noted(void *context, const char *dir, const struct rb_value *note)
{
    struct rb_real *real = context;
    rb_acts_note(real->acts, dir, note);
}

static void lost(void *context)
{
    struct rb_real *real = context;
    rb_acts_look_again(real->acts);
    rb_evaluations_lose(real->evaluations);
}

/* That somebody has to be there stops the run, before anything of the step has happened. */
static void unasked(void *context, const char *why)
{
    tell(context, RB_EV_SIGNAL_RECEIVED,
         rb_value_map("name", rb_value_text("secret"), "level", rb_value_int(2), "why",
                      rb_value_text(why), NULL));
}

/* Mostly they are held already: what has to be known before a run is taken before it. */
static void take_locks(struct rb_real *real, const struct rb_value *request)
{
    const struct rb_value *keys = rb_value_get(request, "keys"), *refused = NULL;
    struct rb_error err = {0};
    rb_fail(&err, RB_ERR_DEFECT, "the run has no place for its locks");
    if (real->o.locks &&
        rb_locks_take(real->o.locks, keys, real->o.lock_holder, &refused, &err))
        tell(real, RB_EV_LOCK_TAKEN, rb_locks_taken(real->o.locks));
    else if (refused)
        tell(real, RB_EV_LOCK_REFUSED, refused);
    else
        broke(real, &err);
}

/* The engine's side */

static void begin(void *self, const struct rb_effect *effect,
                  const struct rb_value *request)
{
    struct rb_real *real = self;
    switch (effect->kind) {
    case RB_EFFECT_EVAL:
        rb_evaluations_begin(real->evaluations, effect, request);
        break;
    case RB_EFFECT_ASK:
        rb_questions_begin(real->questions, effect, request);
        break;
    case RB_EFFECT_RELEASE:
        rb_drivers_release(real->drivers, request);
        break;
    case RB_EFFECT_LOCK:
        take_locks(real, request);
        break;
    default:
        rb_acts_begin(real->acts, effect, request);
        break;
    }
}

static void withdraw(void *self, const struct rb_effect *effect)
{
    struct rb_real *real = self;
    switch (effect->kind) {
    case RB_EFFECT_EVAL:
        rb_evaluations_withdraw(real->evaluations, effect);
        break;
    case RB_EFFECT_ASK:
        rb_questions_withdraw(real->questions, effect);
        break;
    case RB_EFFECT_RELEASE:
    case RB_EFFECT_LOCK:
        break;
    default:
        rb_acts_withdraw(real->acts, effect);
        break;
    }
}

/* The loop's clock stands still while the machine sleeps: what was due then is due at once when it
 * is awake again. */
static const rb_time AT_MOST = RB_SEC;

static void due(uv_timer_t *timer);

/* Never at once: libuv reads nothing while a timer is due, and a thousand gates are due one right
 * after the other. */
static void arm(struct rb_real *real)
{
    rb_time left = real->due - rb_clock_mono();
    left = left < AT_MOST ? left : AT_MOST;
    uv_update_time(real->o.loop);
    uv_timer_start(&real->timer, due, left > 0 ? (uint64_t)(left / RB_MS + 1) : 1, 0);
}

/* It is a coarse one as well and may be early; the core has no use for a time that has not come. */
static void due(uv_timer_t *timer)
{
    struct rb_real *real = timer->data;
    if (rb_clock_mono() < real->due)
        arm(real);
    else
        tell(real, RB_EV_TIMER_DUE, rb_value_map(NULL));
}

static void wake(void *self, rb_time mono)
{
    struct rb_real *real = self;
    uv_timer_stop(&real->timer);
    real->due = mono;
    if (mono != 0)
        arm(real);
}

static void sync_owed(uv_timer_t *timer)
{
    struct rb_real *real = timer->data;
    struct rb_error err = {0};
    if (!rb_engine_sync(real->engine, &err))
        broke(real, &err);
}

static void soon(void *self)
{
    struct rb_real *real = self;
    if (uv_is_active((uv_handle_t *)&real->owed))
        return;
    uv_update_time(real->o.loop);
    uv_timer_start(&real->owed, sync_owed, SOON_MS, 0);
}

struct rb_executor rb_real_executor(struct rb_real *real)
{
    return (struct rb_executor){
        .self = real, .begin = begin, .withdraw = withdraw, .wake = wake, .soon = soon};
}

static struct rb_drivers *new_drivers(struct rb_real *real)
{
    const struct rb_drivers_options options = {.loop = real->o.loop,
                                               .run = real->o.run,
                                               .vault = real->o.vault,
                                               .recall = real->o.resumed,
                                               .context = real,
                                               .settled = settled,
                                               .several = several,
                                               .no_more = no_more,
                                               .adopted = adopted,
                                               .undone = undone,
                                               .doubtful = doubtful,
                                               .noted = noted,
                                               .lost = lost,
                                               .unasked = unasked,
                                               .broke = broke};
    return rb_drivers_new(&options);
}

struct rb_real *rb_real_new(const struct rb_real_options *options)
{
    struct rb_real *real = rb_alloc(sizeof *real);
    real->o = *options;
    real->drivers = new_drivers(real);
    const struct rb_acts_options acts = {.drivers = real->drivers,
                                         .state = options->state,
                                         .context = real,
                                         .put = put,
                                         .disk_full = disk_full};
    const struct rb_evaluations_options evaluations = {.loop = options->loop,
                                                       .worker_main = options->worker_main,
                                                       .run_dir = options->run->dir,
                                                       .writer = options->writer,
                                                       .drivers = real->drivers,
                                                       .state = options->state,
                                                       .context = real,
                                                       .put = put,
                                                       .broke = broke};
    const struct rb_questions_options questions = {.asker = options->asker,
                                                   .elsewhere = options->elsewhere,
                                                   .operator_name = options->operator_name,
                                                   .state = options->state,
                                                   .context = real,
                                                   .put = put};
    real->acts = rb_acts_new(&acts);
    real->evaluations = rb_evaluations_new(&evaluations);
    real->questions = rb_questions_new(&questions);
    uv_timer_init(options->loop, &real->timer);
    uv_timer_init(options->loop, &real->owed);
    real->timer.data = real->owed.data = real;
    real->open_handles = 2;
    return real;
}

void rb_real_attach(struct rb_real *real, struct rb_engine *engine)
{
    real->engine = engine;
}

void rb_real_put(struct rb_real *real, const struct rb_value *step, int64_t attempt,
                 enum rb_event_type type, const struct rb_value *owned)
{
    put(real, step, attempt, type, owned);
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
    rb_drivers_free(real->drivers);
    rb_evaluations_free(real->evaluations);
    rb_questions_free(real->questions);
    rb_acts_free(real->acts);
    uv_close((uv_handle_t *)&real->timer, closed);
    uv_close((uv_handle_t *)&real->owed, closed);
}
