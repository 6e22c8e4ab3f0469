#include "cli/resume.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/again.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/session.h"
#include "cli/status.h"
#include "journal/writer.h"

/* What views see is folded apart from what the engine works on. */
static void fold_shown(void *context, const struct rb_state *state,
                       const struct rb_record *record)
{
    struct rb_state **shown = context;
    if (!*shown)
        *shown = rb_state_new(state->plan);
    rb_apply(*shown, &record->event);
}

static bool can_go_on(const struct rb_history *history, struct rb_error *err)
{
    const char *status = rb_run_status(history->state->phase, history->state->end, false);
    if (strcmp(status, "succeeded") == 0 || strcmp(status, "cancelled") == 0)
        return rb_fail(
            err, RB_ERR_USAGE, "%s %s; there is nothing to go on with", history->run->id,
            strcmp(status, "succeeded") == 0 ? "has succeeded" : "was cancelled");
    return true;
}

/* The run goes on with the copy that it began with; that the file differs by now is said. */
static void tell_changed(const struct rb_history *history)
{
    const struct rb_source *kept = history->document->source;
    RB_AUTO_BUF struct rb_buf now = {0};
    struct rb_error err = {0};
    bool read = rb_file_read(AT_FDCWD, kept->path, RB_SOURCE_MAX, &now, &err);
    if (read && now.length == kept->length &&
        memcmp(rb_buf_text(&now), kept->text, kept->length) == 0)
        return;
    fprintf(stderr,
            "runbook: %s %s since the run began; it goes on with its own copy, "
            "%s/sources\n",
            kept->path, read ? "has changed" : "is gone", history->run->path);
}

static int go_on(const struct rb_args *args, struct rb_history *history,
                 struct rb_state *shown, const struct rb_load_answers *answers, bool asks)
{
    struct rb_writer *writer = NULL;
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *engine = rb_engine_versions(&err);
    if (!engine || !can_go_on(history, &err) || !rb_again_follows(history, &err) ||
        !rb_writer_resume(history->run, history->reader, &writer, &torn, &err))
        return rb_report(&err);
    tell_changed(history);
    const struct rb_session_start start = {.args = args,
                                           .store = history->store,
                                           .run = history->run,
                                           .state = history->state,
                                           .shown = shown,
                                           .writer = writer,
                                           .answers = answers,
                                           .engine = engine,
                                           .file = history->document->source->path,
                                           .epoch =
                                               rb_reader_at(history->reader)->writer + 1,
                                           .first_hash = history->first_hash,
                                           .resumed = true,
                                           .asks = asks,
                                           .torn = torn,
                                           .first = RB_EV_RUN_RESUMED};
    int status = rb_session_run(&start);
    rb_writer_close(writer);
    return status;
}

int rb_resume(const struct rb_args *args, bool asks)
{
    struct rb_history history;
    struct rb_state *shown = NULL;
    struct rb_load_answers answers;
    struct rb_error err = {0};
    if (!rb_load_answers(args, &answers, &err))
        return rb_report(&err);
    int status;
    if (rb_history_open(args, args->words[0], true, fold_shown, &shown, &history, &err)) {
        status = go_on(args, &history, shown, &answers, asks);
        rb_history_done(&history);
    } else {
        status = rb_report(&err);
    }
    rb_state_free(shown);
    rb_load_answers_done(&answers);
    return status;
}
