#include <stdio.h>
#include <string.h>

#include "cli/confirm_question.h"

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/hand_in.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/status.h"
#include "core/question.h"
#include "core/statement.h"

#include "base/text.h"

/* The open question of this name, or NULL. */
static const struct rb_value *find(const struct rb_state *state, const char *name,
                                   struct rb_buf *ret_others)
{
    const struct rb_value *found = NULL;
    bool over = rb_state_is_over(state);
    for (int i = 0; i < state->active_count && !over; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        bool open = node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_UNANSWERED ||
                    (node->phase == RB_PHASE_WAITING && node->active->entering);
        if (!open || !node->active->question)
            continue;
        RB_AUTO_FREE char *own = rb_question_name(node->active->question);
        rb_buf_printf(ret_others, "%s%s", ret_others->length ? ", " : "", own);
        if (strcmp(own, name) == 0)
            found = node->active->question;
    }
    return found;
}

/* What is decided about a failure or a transaction needs more than the question to look at. */
static bool is_answered_here(const struct rb_value *question)
{
    static const char *const kinds[] = {"item", "manual", "confirm"};
    for (size_t i = 0; i < RB_COUNT(kinds); i++) {
        if (strcmp(rb_value_get_text(question, "kind", ""), kinds[i]) == 0)
            return true;
    }
    return rb_question_is_signed(question) &&
           strcmp(rb_value_get_text(question, "kind", ""), "window") == 0;
}

static const struct rb_value *answer_of(const struct rb_args *args, const char *word)
{
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    const char *reason = rb_args_value(args, "reason"), *note = rb_args_value(args, "note"),
               *evidence = rb_args_value(args, "evidence");
    return rb_value_map("answer", rb_value_text(word), "by",
                        rb_value_text(rb_value_get_text(who, "user", "?")), "reason",
                        reason ? rb_value_text(reason) : NULL, "note",
                        note ? rb_value_text(note) : NULL, "evidence",
                        evidence ? rb_value_text(evidence) : NULL, NULL);
}

/* Where no answer is given on the command line it is typed; a word that the author wants typed out is
 * not given there. */
static bool agree(const struct rb_args *args, const struct rb_value *question,
                  const char **ret_word, struct rb_error *err)
{
    const char *typed = rb_value_get_text(question, "type", NULL);
    RB_AUTO_BUF struct rb_buf prompt = {0};
    *ret_word = rb_args_value(args, "answer");
    if (*ret_word && (!typed || strcmp(*ret_word, "yes") != 0))
        return true;
    const char *text = rb_value_get_text(question, "text", "");
    rb_text_visible(text, strlen(text), true, &prompt);
    *ret_word = "yes";
    rb_buf_printf(&prompt, "\nType `%s` to confirm: ", typed ? typed : *ret_word);
    return rb_consent(rb_buf_text(&prompt), typed ? typed : *ret_word,
                      "--answer yes, no or skip gives the answer", err);
}

static bool confirm(const struct rb_args *args, const struct rb_history *history,
                    const struct rb_value *question, struct rb_error *err)
{
    const char *word;
    if (rb_question_is_signed(question))
        return rb_approve_item(args, history, args->words[1], err);
    if (!agree(args, question, &word, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *answer = answer_of(args, word);
    return rb_hand_in_answer(history, question, answer, err);
}

static bool has_ended(const struct rb_history *history, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf how = {0};
    rb_run_ending(history->state, &how);
    return rb_fail(err, RB_ERR_USAGE,
                   "%s has ended: %s; it waits for nobody's answer any more, and has no "
                   "open obligation",
                   history->run->id, rb_buf_text(&how));
}

static bool nothing_open(const struct rb_history *history, const char *name,
                         const struct rb_buf *others, struct rb_error *err)
{
    if (rb_state_is_over(history->state))
        return has_ended(history, err);
    if (others->length == 0)
        return rb_fail(err, RB_ERR_USAGE,
                       "%s waits for nobody's answer (any more), and the run has no open "
                       "obligation",
                       history->run->id);
    return rb_fail(err, RB_ERR_USAGE, "%s does not wait for %s; what is open: %s",
                   history->run->id, name, rb_buf_text(others));
}

int rb_confirm_question(const struct rb_args *args, bool *ret_asked)
{
    struct rb_history history;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf others = {0};
    *ret_asked = true;
    if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, &history, &err))
        return rb_report(&err);
    const char *name = args->words[1];
    const struct rb_value *question = find(history.state, name, &others);
    bool open = question && is_answered_here(question);
    bool duties = rb_value_count(history.state->duties) > 0;
    bool good = open ? confirm(args, &history, question, &err)
                     : !duties && nothing_open(&history, name, &others, &err);
    *ret_asked = open || !duties;
    rb_history_done(&history);
    return good ? 0 : *ret_asked ? rb_report(&err) : 0;
}
