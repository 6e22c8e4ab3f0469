#include <stdio.h>

#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/resume.h"
#include "cli/status.h"
#include "cli/stop.h"

enum { CANCELLED = 4 };

/* One that has failed, or a rollback that is not complete, has ended and can be gone on with. */
static bool refuse_ended(const struct rb_history *history, struct rb_error *err)
{
    const char *id = history->run->id;
    RB_AUTO_BUF struct rb_buf how = {0};
    rb_run_ending(history->state, &how);
    if (rb_state_is_over(history->state))
        return rb_fail(err, RB_ERR_USAGE, "%s has ended already: %s", id,
                       rb_buf_text(&how));
    return rb_fail(err, RB_ERR_USAGE,
                   "%s has ended: %s; nothing of it is under way that could be cancelled, "
                   "and `runbook resume %s` goes on with it",
                   id, rb_buf_text(&how), id);
}

/* A request that the run would have no use for is refused here: it would not hear of it. */
static bool may_ask(const struct rb_history *history, bool rollback, struct rb_error *err)
{
    const struct rb_state *state = history->state;
    const char *id = history->run->id;
    bool ended = rollback ? rb_state_is_over(state) : state->phase == RB_RUN_FINISHED;
    if (ended)
        return refuse_ended(history, err);
    if (state->last)
        return rb_fail(err, RB_ERR_USAGE,
                       "%s has come to its last steps, and can't be %s any more; they run "
                       "whatever happens, unless they are interrupted (Ctrl-C)",
                       id, rollback ? "rolled back" : "cancelled");
    if (rollback && state->rollback)
        return rb_fail(err, RB_ERR_USAGE,
                       "%s is being rolled back already; where that stands still, "
                       "`runbook resume %s` goes on",
                       id, id);
    return true;
}

static bool leave_request(const struct rb_args *args, bool *ret_live, struct rb_error *err)
{
    struct rb_history history;
    if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, &history, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    int level = 0;
    bool rollback = rb_args_flag(args, "rollback");
    bool good = may_ask(&history, rollback, err);
    if (good && history.state->phase == RB_RUN_FINISHED)
        rb_stop_forget(history.run);
    good = good && rb_stop_leave(history.run, rb_value_get_text(who, "user", "?"),
                                 rb_args_value(args, "reason"), rollback, &level, err);
    *ret_live = rb_run_is_live(history.run);
    if (good && *ret_live) {
        printf("%s was asked to %s %s\n", history.run->id, rollback ? "roll back" : "end",
               level > 1 ? "its step now"
                         : "after its step; a second cancel ends the step");
    }
    rb_history_done(&history);
    return good;
}

/* Whoever was at work on it has taken the request meanwhile, and has come to an end. */
static bool has_ended(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf how = {0};
    if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, &history, &err))
        return false;
    bool over = rb_state_is_over(history.state);
    rb_run_ending(history.state, &how);
    if (over)
        printf("%s has ended: %s\n", history.run->id, rb_buf_text(&how));
    rb_history_done(&history);
    return over;
}

/* Where nobody is at work on the run, going on with it takes the request. */
int rb_cmd_cancel(const struct rb_args *args)
{
    struct rb_error err = {0};
    bool live = false;
    if (!leave_request(args, &live, &err))
        return rb_report(&err);
    if (live || has_ended(args))
        return 0;
    int status = rb_resume(args, false);
    return status == CANCELLED ? 0 : status;
}
