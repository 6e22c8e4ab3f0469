#include "cli/resume.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/again.h"
#include "cli/claim.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/run_signers.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/status.h"
#include "cli/stay.h"
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
    if (!rb_state_is_over(history->state))
        return true;
    RB_AUTO_BUF struct rb_buf how = {0};
    rb_run_ending(history->state, &how);
    return rb_fail(err, RB_ERR_USAGE,
                   "%s has ended: %s; there is nothing to go on with, begin anew with "
                   "`runbook exec`",
                   history->run->id, rb_buf_text(&how));
}

static void tell_one(const struct rb_history *history, const char *path, const char *text,
                     size_t length)
{
    RB_AUTO_BUF struct rb_buf now = {0};
    struct rb_error err = {0};
    bool read = rb_file_read(AT_FDCWD, path, RB_SOURCE_MAX, &now, &err);
    if (read && now.length == length && memcmp(rb_buf_text(&now), text, length) == 0)
        return;
    rb_say(stderr,
           "runbook: %s %s since the run began; it goes on with its own copy, "
           "%s/sources",
           path, read ? "has changed" : "is gone", history->run->path);
}

/* The run goes on with the copies that it began with; that a file differs by now is said. */
static void tell_changed(const struct rb_history *history)
{
    const struct rb_source *kept = history->document->source;
    RB_CLEANUP(rb_called_done) struct rb_called_files called = {0};
    struct rb_error err = {0};
    tell_one(history, kept->path, kept->text, kept->length);
    if (!rb_history_called(history, &called, &err))
        return;
    const char *slash = strrchr(kept->path, '/');
    for (int i = 0; i < called.count; i++) {
        const struct rb_called_file *file = called.items[i];
        RB_AUTO_BUF struct rb_buf path = {0};
        rb_buf_append(&path, kept->path, slash ? (size_t)(slash - kept->path) + 1 : 0);
        rb_buf_puts(&path, file->path);
        tell_one(history, rb_buf_text(&path), rb_buf_text(&file->text), file->text.length);
    }
}

/* Before anything is written. One that is to be cancelled needs none of them. */
static bool claim_locks(const struct rb_args *args, const struct rb_history *history,
                        bool needs, struct rb_claim *ret_claim, struct rb_error *err)
{
    return rb_claim_open(history->store, history->document->plan, history->run->id,
                         ret_claim, err) &&
           (!needs || rb_claim_take(args, ret_claim, history->state->locks, err));
}

static bool read_signers(const struct rb_history *history,
                         struct rb_run_signers *ret_signers, struct rb_error *err)
{
    return !rb_value_get(history->created, "signers") ||
           rb_run_signers_read(history->run, history->created, ret_signers, err);
}

static int go_on(const struct rb_args *args, struct rb_history *history,
                 struct rb_state *shown, const struct rb_load_answers *answers, bool asks)
{
    struct rb_claim claim = {0};
    struct rb_writer *writer = NULL;
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    struct rb_error err = {0};
    RB_CLEANUP(rb_run_signers_done) struct rb_run_signers signers = {0};
    RB_AUTO_VALUE const struct rb_value *engine = rb_engine_versions(&err);
    if (!engine || !can_go_on(history, &err) || !rb_again_follows(history, &err) ||
        !claim_locks(args, history, asks, &claim, &err) ||
        !read_signers(history, &signers, &err) ||
        !rb_writer_resume(history->run, history->reader, &writer, &torn, &err)) {
        rb_claim_done(&claim);
        return rb_report(&err);
    }
    tell_changed(history);
    const struct rb_session_start start = {.args = args,
                                           .store = history->store,
                                           .run = history->run,
                                           .state = history->state,
                                           .shown = shown,
                                           .writer = writer,
                                           .answers = answers,
                                           .engine = engine,
                                           .document = history->document,
                                           .signers = signers.lines,
                                           .file = history->document->source->path,
                                           .locks = claim.locks,
                                           .lock_holder = claim.holder,
                                           .epoch =
                                               rb_reader_at(history->reader)->writer + 1,
                                           .first_hash = history->first_hash,
                                           .resumed = true,
                                           .asks = asks,
                                           .torn = torn,
                                           .first = RB_EV_RUN_RESUMED};
    int status = rb_session_run(&start);
    rb_writer_close(writer);
    rb_claim_done(&claim);
    return status;
}

int rb_resume(const struct rb_args *args, bool asks)
{
    struct rb_history history;
    struct rb_state *shown = NULL;
    struct rb_load_answers answers;
    struct rb_error err = {0};
    rb_time stay;
    if (!rb_stay_read(args, asks, &stay, &err) || !rb_load_answers(args, &answers, &err))
        return rb_report(&err);
    int status;
    if (rb_history_open(args, args->words[0], RB_HISTORY_WRITE, fold_shown, &shown,
                        &history, &err)) {
        status = go_on(args, &history, shown, &answers, asks);
        rb_history_done(&history);
    } else {
        status = rb_report(&err);
    }
    rb_state_free(shown);
    rb_load_answers_done(&answers);
    return status;
}
