#include "core/question.h"

#include <string.h>

#include "base/buf.h"
#include "base/duration.h"

static const struct {
    const char *kind;
    const char *words[6];
    const char *reasons[5]; /* those of the words that need a reason */
} kinds[] = {
    {"item", {"yes", "no", "skip"}, {"no", "skip"}},
    {"manual", {"yes", "no", "skip"}, {"no", "skip"}},
    {"confirm", {"yes", "no"}, {NULL}},
    {"review", {"commit", "rollback"}, {"rollback"}},
    {"window", {"wait", "override", "stop"}, {"override"}},
    {"approval", {"approve", "reject"}, {"reject"}},
    {"rejected", {"retry", "stop", "rollback"}, {NULL}},
    {"failure", {"retry", "skip", "done", "stop", "rollback"}, {"skip", "done"}},
    {"doubt", {"retry", "skip", "done", "stop", "rollback"}, {"skip", "done"}},
    {"undo", {"undo", "leave", "stop"}, {"leave"}},
};

static bool among(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

/* A rollback is, where there is something to take back. */
static bool is_offered(const struct rb_value *question, const char *word)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    return strcmp(word, "rollback") != 0 || strcmp(kind, "review") == 0 ||
           rb_value_get_bool(question, "rollback", false);
}

static bool has_text(const struct rb_value *answer, const char *member)
{
    const char *text = rb_value_get_text(answer, member, "");
    return text[strspn(text, " \t\r\n")] != '\0';
}

/* "yes, no, skip" */
static bool refuse_word(const struct rb_value *question, const char *const *words,
                        struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf list = {0};
    for (int i = 0; words[i]; i++) {
        if (is_offered(question, words[i]))
            rb_buf_printf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return rb_fail(err, RB_ERR_INVALID, "the answer has to be one of %s",
                   rb_buf_text(&list));
}

static bool allows_word(const struct rb_value *question, const struct rb_value *answer,
                        struct rb_error *err)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    const char *word = rb_value_get_text(answer, "answer", "");
    for (size_t i = 0; i < RB_COUNT(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) != 0)
            continue;
        if (!among(word, kinds[i].words) || !is_offered(question, word))
            return refuse_word(question, kinds[i].words, err);
        if (strcmp(word, "wait") == 0 && !rb_value_get(question, "opens"))
            return rb_fail(err, RB_ERR_INVALID, "there is no time to wait for");
        if (among(word, kinds[i].reasons) && !has_text(answer, "reason"))
            return rb_fail(err, RB_ERR_INVALID, "`%s` needs a reason", word);
        bool evidence = rb_value_get_bool(question, "evidence", false);
        if (evidence && strcmp(word, "yes") == 0 && !has_text(answer, "evidence"))
            return rb_fail(err, RB_ERR_INVALID, "this item needs evidence");
        return true;
    }
    return rb_fail(err, RB_ERR_INVALID, "no such kind of question");
}

static bool is_date(const char *text)
{
    if (strlen(text) != 10)
        return false;
    RB_AUTO_BUF struct rb_buf full = {0};
    rb_time utc;
    rb_buf_printf(&full, "%sT00:00:00.000000Z", text);
    return rb_time_parse(rb_buf_text(&full), &utc);
}

static bool listed(const struct rb_value *values, const struct rb_value *value)
{
    for (size_t i = 0; i < rb_value_count(values); i++) {
        if (rb_value_equal(rb_value_at(values, i), value))
            return true;
    }
    return false;
}

static bool in_bounds(const struct rb_value *field, const struct rb_value *value,
                      struct rb_error *err)
{
    const struct rb_value *min = rb_value_get(field, "min"),
                          *max = rb_value_get(field, "max");
    double number = rb_value_as_number(value, 0);
    if (min && number < rb_value_as_number(min, 0))
        return rb_fail(err, RB_ERR_INVALID, "it has to be at least %g",
                       rb_value_as_number(min, 0));
    if (max && number > rb_value_as_number(max, 0))
        return rb_fail(err, RB_ERR_INVALID, "it has to be at most %g",
                       rb_value_as_number(max, 0));
    return true;
}

static bool allows_field(const struct rb_value *field, const struct rb_value *value,
                         struct rb_error *err)
{
    const char *type = rb_value_get_text(field, "type", "string");
    enum rb_kind kind = rb_value_kind(value);
    if (strcmp(type, "integer") == 0) {
        return kind == RB_INT ? in_bounds(field, value, err)
                              : rb_fail(err, RB_ERR_INVALID, "it has to be a whole number");
    }
    if (strcmp(type, "number") == 0) {
        return kind == RB_INT || kind == RB_NUMBER
                   ? in_bounds(field, value, err)
                   : rb_fail(err, RB_ERR_INVALID, "it has to be a number");
    }
    if (strcmp(type, "boolean") == 0) {
        return kind == RB_BOOL ||
               rb_fail(err, RB_ERR_INVALID, "it has to be true or false");
    }
    if (kind != RB_STRING || rb_value_length(value) == 0)
        return rb_fail(err, RB_ERR_INVALID, "it has to be a text that is not empty");
    if (strcmp(type, "date") == 0 && !is_date(rb_value_as_text(value, "")))
        return rb_fail(err, RB_ERR_INVALID, "it has to be a date like 2025-11-22");
    const struct rb_value *values = rb_value_get(field, "values");
    if (values && !listed(values, value))
        return rb_fail(err, RB_ERR_INVALID, "it is not one of the values to choose from");
    return true;
}

bool rb_question_allows(const struct rb_value *question, const struct rb_value *answer,
                        struct rb_error *err)
{
    if (strcmp(rb_value_get_text(question, "kind", ""), "field") != 0)
        return allows_word(question, answer, err);
    return allows_field(rb_value_get(question, "field"), rb_value_get(answer, "answer"),
                        err);
}

bool rb_question_offers_shell(const struct rb_value *question)
{
    static const char *const offering[] = {"failure", "doubt", "undo", NULL};
    return among(rb_value_get_text(question, "kind", ""), offering);
}

char *rb_question_name(const struct rb_value *question)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    const char *step = rb_value_get_text(question, "step", "");
    const char *part = "";
    if (strcmp(kind, "item") == 0)
        part = rb_value_get_text(question, "item", "");
    else if (strcmp(kind, "field") == 0)
        part = rb_value_get_text(rb_value_get(question, "field"), "name", "");
    else if (strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0 ||
             strcmp(kind, "window") == 0 || strcmp(kind, "rejected") == 0)
        part = kind;
    struct rb_buf name = {0};
    rb_buf_printf(&name, "%s%s%s", step, *part ? "." : "", part);
    return rb_buf_take(&name);
}

static bool has_role(const struct rb_value *accepted, const char *role)
{
    for (size_t i = 0; i < rb_value_count(accepted); i++) {
        if (strcmp(rb_value_get_text(rb_value_at(accepted, i), "role", ""), role) == 0)
            return true;
    }
    return false;
}

const struct rb_value *rb_question_roles_left(const struct rb_value *question,
                                              const struct rb_value *accepted)
{
    const struct rb_value *roles = rb_value_get(question, "roles");
    struct rb_list_builder left = {0};
    for (size_t i = 0; i < rb_value_count(roles); i++) {
        const struct rb_value *role = rb_value_at(roles, i);
        if (!has_role(accepted, rb_value_as_text(role, "")))
            rb_list_add(&left, rb_value_ref(role));
    }
    return rb_list_end(&left);
}
