#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/confirm_question.h"
#include "cli/duties.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/remark.h"

/* "ready.backup", or "ready" where only one of it is open; borrowed. */
static const struct rb_value *named(const struct rb_value *open, const char *name)
{
    const struct rb_value *of_step = NULL;
    int count = 0;
    for (size_t i = 0; i < rb_value_count(open); i++) {
        const struct rb_value *duty = rb_value_at(open, i);
        RB_AUTO_FREE char *own = rb_duties_name(duty);
        if (strcmp(own, name) == 0)
            return duty;
        if (strcmp(rb_value_get_text(duty, "step", ""), name) == 0) {
            of_step = duty;
            count++;
        }
    }
    return count == 1 ? of_step : NULL;
}

static const struct rb_value *unknown(const struct rb_value *open, const char *name,
                                      struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf names = {0};
    for (size_t i = 0; i < rb_value_count(open); i++) {
        RB_AUTO_FREE char *own = rb_duties_name(rb_value_at(open, i));
        rb_buf_printf(&names, "%s%s", i > 0 ? ", " : "", own);
    }
    if (rb_value_count(open) == 0)
        rb_fail(err, RB_ERR_NOT_FOUND, "the run has no open obligation");
    else
        rb_fail(err, RB_ERR_NOT_FOUND, "`%.80s` is not open; these are: %.400s", name,
                rb_buf_text(&names));
    return NULL;
}

static const struct rb_value *text(const struct rb_args *args, const char *option)
{
    const char *value = rb_args_value(args, option);
    return value ? rb_value_text(value) : NULL;
}

static const struct rb_value *met(void *context, const struct rb_state *state,
                                  struct rb_error *err)
{
    const struct rb_args *args = context;
    const struct rb_value *duty = named(state->duties, args->words[1]);
    const char *evidence = rb_args_value(args, "evidence");
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    if (!duty)
        return unknown(state->duties, args->words[1], err);
    if (rb_value_get_bool(duty, "evidence", false) && (!evidence || !evidence[0])) {
        rb_fail(err, RB_ERR_USAGE,
                "`%s` needs evidence, where it can be seen: --evidence TEXT",
                args->words[1]);
        return NULL;
    }
    return rb_value_map("step", rb_value_ref(rb_value_get(duty, "step")), "item",
                        rb_value_ref(rb_value_get(duty, "item")), "by",
                        rb_value_text(rb_value_get_text(who, "user", "?")), "note",
                        text(args, "note"), "evidence", text(args, "evidence"), NULL);
}

/* An obligation that a run has left open, also when it has ended. */
static int confirm_obligation(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_error err = {0};
    if (!rb_remark_add(args, RB_EV_OBLIGATION_MET, met, (void *)args, &history, &err))
        return rb_report(&err);
    size_t left = rb_value_count(history.state->duties);
    printf("%s: confirmed; %zu left\n", history.run->id, left);
    rb_duties_print(history.state->duties, "  ");
    rb_history_done(&history);
    return 0;
}

/* What is asked of somebody now comes before what was left to be done later. */
int rb_cmd_confirm(const struct rb_args *args)
{
    bool asked = false;
    int status = rb_confirm_question(args, &asked);
    return asked ? status : confirm_obligation(args);
}
