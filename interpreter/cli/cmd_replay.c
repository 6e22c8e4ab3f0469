#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/again.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/operator.h"

enum { DIFFERS = 7, INCOMPLETE = 9 };

static void print_json(const struct rb_history *history, const struct rb_replay *replay)
{
    bool stopped = replay->differs || replay->missing;
    RB_AUTO_VALUE const struct rb_value *all = rb_value_map(
        "run", rb_value_text(history->run->id), "same",
        rb_value_bool(!replay->differs && !replay->missing), "missing",
        rb_value_bool(replay->missing), "facts", rb_value_int(replay->facts), "decisions",
        rb_value_int(replay->decisions), "evaluations", rb_value_int(replay->evaluations),
        "timeouts", rb_value_int(replay->timeouts), "seq",
        stopped ? rb_value_int(replay->seq) : NULL, "what",
        stopped ? rb_value_text(replay->what) : NULL, NULL);
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(all, 2, &out);
    puts(rb_buf_text(&out));
}

/* What of the engine is another than when the run began: the likely reason of a difference. */
static void tell_engine(const struct rb_history *history)
{
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *now = rb_engine_versions(&err);
    const struct rb_value *then = rb_value_get(history->created, "engine");
    for (size_t i = 0; i < rb_value_count(now); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(now, i), "");
        const char *here = rb_value_as_text(rb_value_member_at(now, i), "");
        const char *recorded = rb_value_get_text(then, name, "none");
        if (strcmp(here, recorded) != 0)
            printf("the run was made with %s %s, and here it is %s\n", name, recorded,
                   here);
    }
}

static void print_text(const struct rb_history *history, const struct rb_replay *replay)
{
    if (replay->differs) {
        printf("%s: the replay differs at seq %lld\n%s\n", history->run->id,
               (long long)replay->seq, replay->what);
        tell_engine(history);
        return;
    }
    if (replay->missing) {
        printf("%s: evidence is missing: %s\n"
               "  what seq %lld concluded from it can't be derived again, nor anything "
               "later\n",
               history->run->id, replay->what, (long long)replay->seq);
        return;
    }
    printf("%s: the same decisions\n"
           "  %lld facts in, %lld decisions derived, each equal byte for byte\n"
           "  %lld evaluations of Lua repeated on their recorded evidence\n",
           history->run->id, (long long)replay->facts, (long long)replay->decisions,
           (long long)replay->evaluations);
    if (replay->timeouts > 0) {
        printf("  %lld time-outs accepted as recorded: time can't be repeated\n",
               (long long)replay->timeouts);
    }
    if (!replay->finished)
        puts("  the record is open: the run has not ended");
}

int rb_cmd_replay(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_replay replay;
    struct rb_error err = {0};
    if (!rb_history_begin(args, args->words[0], &history, &err))
        return rb_report(&err);
    int status;
    if (rb_again(&history, &replay, &err)) {
        if (rb_args_is(args, "output", "json", false))
            print_json(&history, &replay);
        else
            print_text(&history, &replay);
        status = replay.differs ? DIFFERS : replay.finished ? 0 : INCOMPLETE;
    } else {
        status = rb_report(&err);
    }
    rb_history_done(&history);
    return status;
}
