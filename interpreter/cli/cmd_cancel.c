#include <stdio.h>

#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/resume.h"
#include "cli/stop.h"

enum { CANCELLED = 4 };

static bool leave_request(const struct rb_args *args, bool *ret_live, struct rb_error *err)
{
    struct rb_history history;
    if (!rb_history_open(args, args->words[0], false, NULL, NULL, &history, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    int level = 0;
    bool open = history.state->phase != RB_RUN_FINISHED;
    bool good = open ? rb_stop_leave(history.run, rb_value_get_text(who, "user", "?"),
                                     rb_args_value(args, "reason"), &level, err)
                     : rb_fail(err, RB_ERR_USAGE, "%s has ended already", history.run->id);
    *ret_live = rb_run_is_live(history.run);
    if (good && *ret_live) {
        printf("%s was asked to end %s\n", history.run->id,
               level > 1 ? "its step now"
                         : "after its step; a second cancel ends the step");
    }
    rb_history_done(&history);
    return good;
}

/* Where nobody is at work on the run, going on with it takes the request. */
int rb_cmd_cancel(const struct rb_args *args)
{
    struct rb_error err = {0};
    bool live = false;
    if (!leave_request(args, &live, &err))
        return rb_report(&err);
    if (live)
        return 0;
    int status = rb_resume(args, false);
    return status == CANCELLED ? 0 : status;
}
