#include "cli/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/digest.h"
#include "base/pattern.h"
#include "cli/beside.h"
#include "cli/inbox.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/own_keys.h"
#include "cli/remark.h"
#include "cli/stay.h"
#include "cli/stop.h"
#include "core/question.h"
#include "effects/answers.h"
#include "effects/clock.h"
#include "effects/executor.h"
#include "effects/loop.h"
#include "effects/vault.h"
#include "journal/blob.h"
#include "lua/worker_main.h"
#include "render/view.h"

struct session {
    const struct rb_session_start *start;
    uv_loop_t loop;
    uv_timer_t tick;
    const struct rb_value *operator;
    const char *operator_name;
    int tty; /* the controlling terminal, -1: none */
    struct rb_buf resume_command;
    struct rb_view *view;
    struct rb_answers *answers;
    const struct rb_value *answers_blob; /* reference to the file; NULL: none given */
    struct rb_engine *engine;
    struct rb_vault *vault;
    struct rb_real *real;
    struct rb_inbox *inbox;
    struct rb_stop *stop;
    struct rb_remarks *remarks;
    struct rb_beside *beside;
    struct rb_error broken;      /* the journal or a helper failed */
    bool leave;                  /* a third signal */
    rb_time stay;                /* longer waits suspend the run; negative: none does */
    rb_asker_answered *answered; /* of the question at the terminal */
    void *asking;
    rb_vault_typed *typed; /* of the secret at the terminal; NULL: none is typed */
    void *typing;
};

enum { TICK_MS = 100 };

/* Who is in a shell beside the run finds the terminal in use until he leaves it. */
static void stop_when_ended(struct session *s)
{
    bool over = s->broken.code != RB_OK || rb_engine_ended(s->engine);
    if (s->leave || (over && !rb_beside_is_open(s->beside)))
        uv_stop(&s->loop);
}

static void broke(void *context, const struct rb_error *err)
{
    struct session *s = context;
    if (s->broken.code == RB_OK)
        s->broken = *err;
    stop_when_ended(s);
}

static bool chain(const struct session *s, const char *first_hash, struct rb_error *err)
{
    return rb_store_chain(s->start->store, s->start->run->id, first_hash, err);
}

static bool place(void *context, const struct rb_record *first, struct rb_error *err)
{
    return chain(context, first->hash, err);
}

static void watch(void *context, const struct rb_record *record)
{
    struct session *s = context;
    rb_apply(s->start->shown, &record->event);
    s->view->ops->event(s->view, s->start->shown, record);
}

static void put(struct session *s, enum rb_event_type type, const struct rb_value *owned)
{
    struct rb_error err = {0};
    if (!rb_engine_put(s->engine, type, owned, &err))
        broke(s, &err);
}

static void remarked(void *context, enum rb_event_type type, const struct rb_value *owned)
{
    put(context, type, owned);
}

/* A step whose secret is being typed has not begun: there is nothing to wait for. */
static const struct rb_value *at_once(const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *before = owned;
    RB_AUTO_VALUE const struct rb_value *level =
        rb_value_map("level", rb_value_int(2), NULL);
    return rb_value_merge(before, level);
}

/* A signal to end is for the shell as well; what was asked for from elsewhere is not. */
static void end_shell(struct session *s, const char *signal)
{
    if (strcmp(signal, "TERM") == 0 || strcmp(signal, "HUP") == 0)
        rb_beside_hang_up(s->beside);
}

static void stop_asked(void *context, const struct rb_value *owned)
{
    struct session *s = context;
    end_shell(s, rb_value_get_text(owned, "name", ""));
    int64_t level = rb_value_get_int(owned, "level", 1);
    s->leave |= level >= 3;
    if (s->typed && level == 1)
        owned = at_once(owned);
    put(s, RB_EV_SIGNAL_RECEIVED, owned);
    stop_when_ended(s);
}

/* The end of the run shows after any callback: looked at once per turn of the loop. */
static void turned(uv_check_t *check)
{
    stop_when_ended(check->data);
}

static void tick(uv_timer_t *timer)
{
    struct session *s = timer->data;
    struct rb_error err = {0};
    if (!rb_engine_watch_clock(s->engine, &err))
        broke(s, &err);
    rb_beside_tend(s->beside);
    s->view->ops->tick(s->view, s->start->shown, rb_clock_utc(), rb_clock_mono());
}

/* Questions go to the view, where there is one that can ask. */

static void view_answered(void *context, const struct rb_value *answer)
{
    struct session *s = context;
    RB_AUTO_VALUE const struct rb_value *via =
        rb_value_map("via", rb_value_text("terminal"), NULL);
    RB_AUTO_VALUE const struct rb_value *full = answer ? rb_value_merge(answer, via) : NULL;
    s->answered(s->asking, full, "the terminal is gone");
}

static void view_ask(void *self, const struct rb_value *question,
                     rb_asker_answered *answered, void *context)
{
    struct session *s = self;
    s->answered = answered;
    s->asking = context;
    s->view->ops->ask(s->view, question, view_answered, s);
}

static void view_unask(void *self)
{
    struct session *s = self;
    s->typed = NULL;
    if (s->view)
        s->view->ops->unask(s->view);
}

static void secret_typed(void *context, const char *bytes, size_t length)
{
    struct session *s = context;
    rb_vault_typed *typed = s->typed;
    s->typed = NULL;
    typed(s->typing, bytes, length);
}

static void ask_secret(void *self, const char *name, const char *text,
                       rb_vault_typed *typed, void *context)
{
    struct session *s = self;
    struct rb_error err = {0};
    if (!rb_engine_sync(s->engine, &err)) { /* what led to it is shown first */
        broke(s, &err);
        return;
    }
    s->typed = typed;
    s->typing = context;
    s->view->ops->ask_secret(s->view, name, text, secret_typed, s);
}

static bool shell_wanted(void *context, const struct rb_value *question,
                         const char *purpose)
{
    struct session *s = context;
    return rb_beside_open(s->beside, s->tty, s->view, question, purpose);
}

static bool shell_put(void *context, enum rb_event_type type, const struct rb_value *owned)
{
    struct session *s = context;
    put(s, type, owned);
    return s->broken.code == RB_OK;
}

static void shell_closed(void *context)
{
    stop_when_ended(context);
}

static void open_beside(struct session *s)
{
    const struct rb_beside_options options = {.loop = &s->loop,
                                              .run = s->start->run,
                                              .state = s->start->state,
                                              .store =
                                                  rb_args_value(s->start->args, "store"),
                                              .operator_name = s->operator_name,
                                              .put = shell_put,
                                              .closed = shell_closed,
                                              .context = s};
    s->beside = rb_beside_new(&options);
}

/* Patterns are beyond the core, which has no library to match them with. */
static bool allow(const struct rb_value *question, const struct rb_value *answer,
                  struct rb_error *err)
{
    const struct rb_value *field = rb_value_get(question, "field");
    const struct rb_value *given = rb_value_get(answer, "answer");
    const char *pattern = rb_value_get_text(field, "pattern", NULL);
    if (!rb_question_allows(question, answer, err))
        return false;
    return !pattern ||
           rb_pattern_whole(pattern, rb_value_as_text(given, ""), rb_value_length(given)) ==
               RB_PATTERN_MATCHES ||
           rb_fail(err, RB_ERR_INVALID, "it has to match %s", pattern);
}

/* Answers from a file come first; the file is kept as a blob. */
static bool take_answers(struct session *s, struct rb_asker *asker, struct rb_error *err)
{
    const struct rb_load_answers *given = s->start->answers;
    char hex[RB_DIGEST_HEX + 1];
    if (!given->map)
        return true;
    if (!rb_blob_put(s->start->run->dir, given->text.data, given->text.length, hex, err))
        return false;
    s->answers = rb_answers_new(given->map, allow, asker);
    *asker = rb_answers_asker(s->answers);
    s->answers_blob = rb_blob_reference(hex, (int64_t)given->text.length, 0);
    return true;
}

/* Setting up and taking down */

static void open_view(struct session *s)
{
    const struct rb_args *args = s->start->args;
    const char *store = rb_args_value(args, "store");
    rb_buf_puts(&s->resume_command, "runbook ");
    if (store)
        rb_buf_printf(&s->resume_command, "--store '%s' ", store);
    rb_buf_printf(&s->resume_command, "resume %s", s->start->run->id);
    bool wanted = rb_args_is(args, "output", "tty", false) ||
                  (rb_args_is(args, "output", "auto", true) && isatty(STDERR_FILENO));
    s->tty = wanted ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    const char *no_colour = getenv("NO_COLOR");
    const struct rb_view_options options = {
        .loop = &s->loop,
        .run_dir = s->start->run->dir,
        .run_id = s->start->run->id,
        .run_path = s->start->run->path,
        .file = s->start->file,
        .resume_command = rb_buf_text(&s->resume_command),
        .shell = shell_wanted,
        .shell_context = s,
        .github = rb_args_is(args, "output", "github", false),
        .colour = isatty(STDERR_FILENO) && !(no_colour && *no_colour)};
    if (rb_args_is(args, "output", "json", false))
        s->view = rb_view_json_new(&options);
    else if (s->tty >= 0)
        s->view = rb_view_terminal_new(&options, s->tty);
    else
        s->view = rb_view_plain_new(&options);
}

static bool can_ask(const struct session *s)
{
    return s->start->asks && s->view->ops->ask && !rb_args_flag(s->start->args, "no-input");
}

/* What can be answered from elsewhere is waited for at a terminal, and where somebody says so. */
static bool waits(const struct session *s)
{
    return can_ask(s) || rb_args_flag(s->start->args, "wait");
}

/* Nobody is here to be asked, but somebody elsewhere may answer. */
static void ask_nobody(void *self, const struct rb_value *question,
                       rb_asker_answered *answered, void *context)
{
    (void)self, (void)question, (void)answered, (void)context;
}

static void unask_nobody(void *self)
{
    (void)self;
}

static struct rb_asker asker_of(struct session *s)
{
    if (can_ask(s))
        return (struct rb_asker){.self = s, .ask = view_ask, .unask = view_unask};
    if (waits(s))
        return (struct rb_asker){.self = s, .ask = ask_nobody, .unask = unask_nobody};
    return (struct rb_asker){0};
}

static void put_elsewhere(void *context, const struct rb_value *step, int64_t attempt,
                          enum rb_event_type type, const struct rb_value *owned)
{
    struct session *s = context;
    rb_real_put(s->real, step, attempt, type, owned);
}

static void open_inbox(struct session *s)
{
    const struct rb_inbox_options options = {.loop = &s->loop,
                                             .run = s->start->run,
                                             .document = s->start->document,
                                             .state = s->start->state,
                                             .waits = waits(s),
                                             .put = put_elsewhere,
                                             .broke = broke,
                                             .context = s};
    s->inbox = rb_inbox_new(&options);
}

/* Before any helper is forked off. */
static void open_vault(struct session *s)
{
    const struct rb_vault_prompt prompt = {
        .self = s, .ask = can_ask(s) ? ask_secret : NULL, .unask = view_unask};
    s->vault = rb_vault_new(&s->loop, s->start->state, &prompt);
}

static void open_engine(struct session *s, const struct rb_asker *asker)
{
    const struct rb_real_options real = {.loop = &s->loop,
                                         .run = s->start->run,
                                         .state = s->start->state,
                                         .asker = *asker,
                                         .elsewhere = rb_inbox_elsewhere(s->inbox),
                                         .vault = s->vault,
                                         .worker_main = rb_lua_worker,
                                         .writer = s->start->epoch,
                                         .resumed = s->start->resumed,
                                         .operator_name = s->operator_name,
                                         .locks = s->start->locks,
                                         .lock_holder = s->start->lock_holder,
                                         .broke = broke,
                                         .context = s};
    s->real = rb_real_new(&real);
    const struct rb_engine_options engine = {.state = s->start->state,
                                             .writer = s->start->writer,
                                             .executor = rb_real_executor(s->real),
                                             .watch = watch,
                                             .place = place,
                                             .context = s};
    s->engine = rb_engine_new(&engine);
    rb_real_attach(s->real, s->engine);
}

static const struct rb_value *first_payload(const struct session *s)
{
    RB_AUTO_VALUE const struct rb_value *who = rb_value_map(
        "operator", rb_value_ref(s->operator), "engine", rb_value_ref(s->start->engine),
        "interactive", rb_value_bool(can_ask(s)), "stay_us",
        s->stay >= 0 ? rb_value_int(s->stay) : NULL, "answers",
        rb_value_ref(s->answers_blob), NULL);
    return rb_value_merge(s->start->payload, who);
}

static void closing(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_session(struct session *s)
{
    rb_stop_free(s->stop);
    rb_remarks_free(s->remarks);
    rb_beside_free(s->beside);
    rb_real_free(s->real);
    rb_inbox_free(s->inbox);
    rb_vault_free(s->vault);
    rb_engine_free(s->engine);
    rb_answers_free(s->answers);
    rb_value_unref(s->answers_blob);
    rb_value_unref(s->operator);
    rb_buf_done(&s->resume_command);
    uv_run(&s->loop, UV_RUN_NOWAIT);
    uv_walk(&s->loop, closing, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    rb_close_descriptor(&s->tty);
}

/* The run has its place among the runs of the store before it does anything; where a crash came in
 * between, whoever resumes it makes that good. */
static void begin(struct session *s)
{
    struct rb_error err = {0};
    if (s->start->first_hash && !chain(s, s->start->first_hash, &err)) {
        broke(s, &err);
        return;
    }
    if (s->start->torn)
        rb_engine_note(s->engine, RB_EV_TAIL_RECOVERED, rb_value_ref(s->start->torn));
    put(s, s->start->first, first_payload(s));
    rb_stop_look(s->stop);
    rb_remarks_look(s->remarks);
}

static void turn(struct session *s)
{
    uv_check_t check;
    uv_check_init(&s->loop, &check);
    check.data = s;
    uv_check_start(&check, turned);
    uv_unref((uv_handle_t *)&check);
    uv_timer_init(&s->loop, &s->tick);
    s->tick.data = s;
    uv_timer_start(&s->tick, tick, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&s->tick);
    begin(s);
    if (!rb_engine_ended(s->engine) && s->broken.code == RB_OK)
        uv_run(&s->loop, UV_RUN_DEFAULT);
    if (!rb_engine_ended(s->engine) && !s->leave && s->broken.code == RB_OK)
        rb_fail(&s->broken, RB_ERR_DEFECT, "the run stands still with nothing under way");
    uv_close((uv_handle_t *)&check, NULL);
    uv_close((uv_handle_t *)&s->tick, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

static int exit_status(const struct session *s)
{
    if (s->broken.code != RB_OK)
        return rb_error_exit_status(s->broken.code);
    if (!rb_engine_ended(s->engine))
        return 130;
    return (int)rb_value_get_int(s->start->state->end, "exit", 70);
}

/* Only a run that has come to its end gives up what it holds. */
static void release_locks(const struct session *s)
{
    const struct rb_state *state = s->start->state;
    if (s->start->locks && s->broken.code == RB_OK && state->phase == RB_RUN_FINISHED)
        rb_locks_release(s->start->locks, rb_value_get_text(state->end, "status", ""));
}

static void tell_unused(const struct session *s)
{
    RB_AUTO_BUF struct rb_buf names = {0};
    if (s->answers && rb_answers_unused(s->answers, &names) > 0)
        fprintf(stderr, "runbook: answers that no question used: %s\n",
                rb_buf_text(&names));
}

static void tell_uncounted(const struct session *s)
{
    RB_AUTO_BUF struct rb_buf lines = {0};
    rb_inbox_uncounted(s->inbox, &lines);
    fputs(rb_buf_text(&lines), stderr);
}

/* With the keys that are at hand, where something has to be signed. */
static const struct rb_value *operator_of(const struct rb_session_start *start)
{
    if (!start->signers)
        return rb_operator();
    RB_AUTO_VALUE const struct rb_value *who = rb_operator(),
                                        *keys = rb_own_keys(start->signers);
    return rb_value_merge(who, keys);
}

int rb_session_run(const struct rb_session_start *start)
{
    struct session s = {.start = start, .tty = -1};
    struct rb_error err = {0};
    if (!rb_loop_init(&s.loop, &err))
        return rb_report(&err);
    s.operator= operator_of(start);
    s.operator_name = rb_value_get_text(s.operator, "user", "?");
    open_view(&s);
    open_beside(&s);
    open_vault(&s);
    open_inbox(&s);
    struct rb_asker asker = asker_of(&s);
    int status;
    if (rb_stay_read(start->args, can_ask(&s), &s.stay, &err) &&
        take_answers(&s, &asker, &err)) {
        open_engine(&s, &asker);
        if (start->state->phase == RB_RUN_FINISHED)
            rb_stop_forget(start->run);
        s.stop = rb_stop_new(&s.loop, start->run, s.operator_name, stop_asked, &s);
        s.remarks = rb_remarks_new(&s.loop, start->run, start->state, remarked, &s);
        turn(&s);
        release_locks(&s);
        status = exit_status(&s);
    } else {
        status = rb_report(&err);
    }
    rb_beside_leave(s.beside);
    s.view->ops->close(s.view, start->shown, status);
    s.view = NULL; /* what is still asked is taken back without it */
    if (s.broken.code != RB_OK)
        rb_report(&s.broken);
    tell_unused(&s);
    tell_uncounted(&s);
    close_session(&s);
    return status;
}
