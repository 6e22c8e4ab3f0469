#include "effects/answers.h"

#include <string.h>

#include "core/question.h"
#include "plan/template.h"

struct rb_answers {
    const struct rb_value *answers;
    rb_answers_allow *allow;
    struct rb_asker next;
    size_t *used; /* per name: how many of its list */
};

struct rb_answers *rb_answers_new(const struct rb_value *answers, rb_answers_allow *allow,
                                  const struct rb_asker *next)
{
    struct rb_answers *self = rb_alloc(sizeof *self);
    self->answers = rb_value_ref(answers);
    self->allow = allow;
    self->next = *next;
    self->used = rb_realloc(NULL, rb_value_count(answers) + 1, sizeof *self->used);
    memset(self->used, 0, (rb_value_count(answers) + 1) * sizeof *self->used);
    return self;
}

void rb_answers_free(struct rb_answers *answers)
{
    if (!answers)
        return;
    rb_value_unref(answers->answers);
    free(answers->used);
    free(answers);
}

/* The next answer under this name, or NULL. */
static const struct rb_value *take(struct rb_answers *self, const char *name)
{
    for (size_t i = 0; i < rb_value_count(self->answers); i++) {
        if (strcmp(rb_value_as_text(rb_value_key_at(self->answers, i), ""), name) != 0)
            continue;
        const struct rb_value *list = rb_value_member_at(self->answers, i);
        if (self->used[i] < rb_value_count(list))
            return rb_value_at(list, self->used[i]++);
    }
    return NULL;
}

/* A number or boolean written without quotes is text again where the field wants text. */
static const struct rb_value *fit(const struct rb_value *question,
                                  const struct rb_value *answer)
{
    const char *type = rb_value_get_text(rb_value_get(question, "field"), "type", "");
    const struct rb_value *given = rb_value_get(answer, "answer");
    bool wants_text = strcmp(type, "string") == 0 || strcmp(type, "enum") == 0 ||
                      strcmp(type, "date") == 0;
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!wants_text || rb_value_is(given, RB_STRING) || !rb_template_text(given, &text))
        return rb_value_ref(answer);
    RB_AUTO_VALUE const struct rb_value *as_text =
        rb_value_map("answer", rb_value_text(rb_buf_text(&text)), NULL);
    return rb_value_merge(answer, as_text);
}

/* Who wrote the file has not seen the rows: where they are not as the runbook has it, a person looks. */
static bool fits_rows(const struct rb_value *question, const struct rb_value *answer,
                      struct rb_error *err)
{
    const struct rb_value *rows = rb_value_get(question, "rows");
    const struct rb_value *expected = rb_value_get(question, "expected");
    size_t count = rb_value_count(rows);
    const struct rb_value *last = count > 0 ? rb_value_at(rows, count - 1) : NULL;
    RB_AUTO_BUF struct rb_buf touched = {0};
    bool commits = strcmp(rb_value_get_text(question, "kind", ""), "review") == 0 &&
                   strcmp(rb_value_get_text(answer, "answer", ""), "commit") == 0;
    if (!commits || !expected || rb_value_equal(last, expected))
        return true;
    if (!last || !rb_template_text(last, &touched))
        rb_buf_puts(&touched, "no count of");
    return rb_fail(err, RB_ERR_INVALID,
                   "%s rows, expected %lld, and who commits that has to have seen it",
                   rb_buf_text(&touched), (long long)rb_value_as_int(expected, 0));
}

static void pass_on(struct rb_answers *self, const struct rb_value *question,
                    rb_asker_answered *answered, void *context, const char *why)
{
    if (self->next.ask)
        self->next.ask(self->next.self, question, answered, context);
    else
        answered(context, NULL, why);
}

static void ask(void *context_self, const struct rb_value *question,
                rb_asker_answered *answered, void *context)
{
    struct rb_answers *self = context_self;
    RB_AUTO_FREE char *name = rb_question_name(question);
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *written = take(self, name);
    RB_AUTO_VALUE const struct rb_value *answer = written ? fit(question, written) : NULL;
    struct rb_error err = {0};
    if (answer && self->allow(question, answer, &err) &&
        fits_rows(question, answer, &err)) {
        RB_AUTO_VALUE const struct rb_value *via =
            rb_value_map("via", rb_value_text("answers"), NULL);
        RB_AUTO_VALUE const struct rb_value *full = rb_value_merge(answer, via);
        answered(context, full, NULL);
        return;
    }
    if (answer) {
        rb_buf_printf(&why,
                      "the answer to `%s` in the answers file (line %lld) does not do: %s",
                      name, (long long)rb_value_get_int(answer, "line", 0), err.message);
    } else {
        rb_buf_printf(&why, "the answers file has no answer to `%s`", name);
    }
    pass_on(self, question, answered, context, rb_buf_text(&why));
}

static void unask(void *context_self)
{
    struct rb_answers *self = context_self;
    if (self->next.unask)
        self->next.unask(self->next.self);
}

struct rb_asker rb_answers_asker(struct rb_answers *answers)
{
    return (struct rb_asker){.self = answers, .ask = ask, .unask = unask};
}

int rb_answers_unused(const struct rb_answers *answers, struct rb_buf *out)
{
    int unused = 0;
    for (size_t i = 0; i < rb_value_count(answers->answers); i++) {
        if (answers->used[i] == rb_value_count(rb_value_member_at(answers->answers, i)))
            continue;
        rb_buf_printf(out, "%s%s", unused ? ", " : "",
                      rb_value_as_text(rb_value_key_at(answers->answers, i), ""));
        unused++;
    }
    return unused;
}
