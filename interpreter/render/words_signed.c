#include <string.h>

#include "core/question.h"
#include "render/words.h"

void rb_words_roles(struct rb_buf *out, const struct rb_value *question)
{
    const struct rb_value *roles = rb_value_get(question, "roles");
    size_t count = rb_value_count(roles);
    int64_t quorum = rb_value_get_int(question, "quorum", 0);
    if (quorum > 0)
        rb_buf_printf(out, "%lld of ", (long long)quorum);
    for (size_t i = 0; i < count; i++) {
        rb_buf_puts(out, i == 0          ? ""
                         : i + 1 < count ? ", "
                         : quorum > 0    ? " or "
                                         : " and ");
        rb_words_text(out, rb_value_as_text(rb_value_at(roles, i), ""));
    }
}

static bool is_approval(const struct rb_value *question)
{
    return strcmp(rb_value_get_text(question, "kind", ""), "approval") == 0;
}

static bool is_asked(const struct rb_node *node)
{
    return node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_UNANSWERED;
}

/* Of several, `runbook approve` has to be told which. */
static bool has_several_approvals(const struct rb_state *state)
{
    int count = 0;
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        count += is_asked(node) && is_approval(node->active->question);
    }
    return count > 1;
}

/* The signatures that a question has by now: a list, or NULL. */
static const struct rb_value *accepted_of(const struct rb_state *state,
                                          const struct rb_value *question)
{
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_active *active = state->nodes[state->active[i]].active;
        if (rb_value_equal(rb_value_get(active->question, "q"),
                           rb_value_get(question, "q")))
            return active->approvals;
    }
    return NULL;
}

/* The question as it is still open: of those who have not signed, or of so many more. */
static const struct rb_value *left_of(const struct rb_value *question,
                                      const struct rb_value *accepted)
{
    int64_t quorum = rb_value_get_int(question, "quorum", 0);
    int64_t count = (int64_t)rb_value_count(accepted);
    RB_AUTO_VALUE const struct rb_value *left =
        quorum > 0
            ? rb_value_map("quorum", rb_value_int(quorum - count), NULL)
            : rb_value_map("roles", rb_question_roles_left(question, accepted), NULL);
    return rb_value_merge(question, left);
}

void rb_words_signing(struct rb_buf *out, const struct rb_value *question,
                      const struct rb_state *state)
{
    const struct rb_value *accepted = accepted_of(state, question);
    RB_AUTO_VALUE const struct rb_value *left = left_of(question, accepted);
    RB_AUTO_FREE char *name = rb_question_name(question);
    bool approval = is_approval(question);
    rb_buf_printf(out, "%sto be signed by ", rb_value_count(accepted) > 0 ? "still " : "");
    rb_words_roles(out, left);
    rb_buf_printf(out, ": runbook %s ", approval ? "approve" : "confirm");
    rb_words_text(out, rb_value_get_text(state->created, "run", ""));
    if (approval && !has_several_approvals(state))
        return;
    rb_buf_puts(out, approval ? " --item " : " ");
    rb_words_text(out, name);
}

void rb_words_asked_of(struct rb_buf *out, const struct rb_value *question)
{
    if (!rb_value_get(question, "roles"))
        return;
    rb_buf_puts(out, " for a signature of ");
    rb_words_roles(out, question);
}

static void also(struct rb_buf *out, const char *label, const char *text)
{
    if (!text)
        return;
    rb_buf_puts(out, label);
    rb_words_text(out, text);
}

void rb_words_signature(struct rb_buf *out, const struct rb_event *event)
{
    const struct rb_value *d = event->d;
    bool counts = event->type == RB_EV_APPROVAL_ACCEPTED;
    rb_words_text(out, rb_value_get_text(d, "step", ""));
    rb_buf_puts(out, counts ? ": " : ": a signature as ");
    if (counts) {
        rb_words_text(out, rb_value_get_text(d, "answer", ""));
        rb_buf_puts(out, ", signed by ");
    }
    rb_words_text(out, rb_value_get_text(d, "by", ""));
    also(out, " as ", counts ? rb_value_get_text(d, "role", NULL) : NULL);
    also(out, "; reason: ", counts ? rb_value_get_text(d, "reason", NULL) : NULL);
    also(out, "; evidence: ", counts ? rb_value_get_text(d, "evidence", NULL) : NULL);
    also(out, "; note: ", counts ? rb_value_get_text(d, "note", NULL) : NULL);
    also(out, " does not count: ", rb_value_get_text(d, "why", NULL));
}
