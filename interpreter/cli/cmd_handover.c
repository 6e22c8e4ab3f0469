#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/duties.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/questions.h"
#include "cli/remark.h"

/* Whom a run is handed to is a name, not a paragraph. */
static bool is_name(const char *to)
{
    size_t length = to ? strlen(to) : 0;
    if (length == 0 || length > 200 || to[strspn(to, " \t")] == '\0')
        return false;
    for (const char *c = to; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    }
    return rb_text_valid_utf8(to, length) == length;
}

static const struct rb_value *make(void *context, const struct rb_state *state,
                                   struct rb_error *err)
{
    const struct rb_args *args = context;
    const char *to = rb_args_value(args, "to"), *reason = rb_args_value(args, "reason");
    const char *from = rb_state_operator(state);
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    if (!is_name(to)) {
        rb_fail(err, RB_ERR_USAGE,
                "say who has it from now on: `runbook handover RUN --to NAME`");
        return NULL;
    }
    if (strcmp(from, to) == 0) {
        rb_fail(err, RB_ERR_USAGE, "%s has it already", to);
        return NULL;
    }
    return rb_value_map("from", rb_value_text(from), "to", rb_value_text(to), "reason",
                        reason ? rb_value_text(reason) : NULL, "by",
                        rb_value_text(rb_value_get_text(who, "user", "?")), NULL);
}

/* What whoever has it now has to see to. */
static void tell(const struct rb_history *history)
{
    const struct rb_state *state = history->state;
    RB_AUTO_VALUE const struct rb_value *questions = rb_questions_open(state);
    RB_AUTO_BUF struct rb_buf to = {0};
    rb_text_visible(rb_state_operator(state), strlen(rb_state_operator(state)), false, &to);
    printf("%s is %s's now\n", history->run->id, rb_buf_text(&to));
    for (size_t i = 0; i < rb_value_count(questions); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        const struct rb_value *question = rb_value_at(questions, i);
        const char *asked = rb_value_get_text(question, "text", "");
        rb_text_visible(asked, strlen(asked), false, &text);
        printf("  waits for an answer: %s: %s\n", rb_value_get_text(question, "step", ""),
               rb_buf_text(&text));
    }
    rb_duties_print(state->duties, "  ");
    if (rb_value_count(questions) == 0 && !state->duties)
        puts("  nothing is open");
}

int rb_cmd_handover(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_error err = {0};
    if (!rb_remark_add(args, RB_EV_RUN_HANDED_OVER, make, (void *)args, &history, &err))
        return rb_report(&err);
    tell(&history);
    rb_history_done(&history);
    return 0;
}
