#include "cli/step_text.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "plan/http.h"
#include "plan/rescue.h"
#include "plan/sql_name.h"
#include "plan/template.h"
#include "plan/window.h"

enum { INDENT = 6 };

static void line(struct rb_buf *out, int indent, const char *label, const char *text,
                 size_t length)
{
    rb_buf_printf(out, "%*s%s", indent, "", label);
    rb_text_visible(text, length, false, out);
    rb_buf_putc(out, '\n');
}

static void lines(struct rb_buf *out, int indent, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        line(out, indent, "", text, length);
        text += length + (text[length] == '\n');
    }
}

static void value_text(const struct rb_value *value, struct rb_buf *out)
{
    if (rb_value_is(value, RB_STRING))
        rb_buf_append(out, rb_value_as_text(value, ""), rb_value_length(value));
    else
        rb_json_print(value, 0, out);
}

/* An argument as a shell would have to read it. */
static void argument(const struct rb_value *value, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    value_text(value, &text);
    const char *at = rb_buf_text(&text);
    bool plain = *at && strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_-./:=@%+,") == text.length;
    if (plain) {
        rb_buf_puts(out, at);
        return;
    }
    rb_buf_putc(out, '\'');
    for (; *at; at++) {
        if (*at == '\'')
            rb_buf_puts(out, "'\\''");
        else
            rb_buf_putc(out, *at);
    }
    rb_buf_putc(out, '\'');
}

static void program(const struct rb_value *argv, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(argv); i++) {
        if (i > 0)
            rb_buf_putc(out, ' ');
        argument(rb_value_at(argv, i), out);
    }
}

static void script(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    const struct rb_value *bind = rb_value_get(spec, "bind");
    for (size_t i = 0; i < rb_value_count(bind); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "RB_%zu = ", i + 1);
        value_text(rb_value_at(bind, i), &text);
        line(out, indent, "", rb_buf_text(&text), text.length);
    }
    lines(out, indent, rb_value_get_text(spec, "script", ""));
}

static void listed(struct rb_buf *out, int indent, const struct rb_value *list,
                   const char *label, const char *member, const char *fallback)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        const struct rb_value *entry = rb_value_at(list, i);
        const char *text =
            rb_value_get_text(entry, member, rb_value_get_text(entry, fallback, ""));
        line(out, indent, label, text, strlen(text));
    }
}

static void gate(struct rb_buf *out, int indent, const struct rb_plan *plan,
                 const struct rb_value *spec)
{
    const struct rb_value *checks = rb_value_get(spec, "checks");
    for (size_t i = 0; i < rb_value_count(checks); i++) {
        int64_t expr = rb_value_get_int(rb_value_at(checks, i), "expr", 0);
        lines(out, indent, plan->exprs[expr].source);
    }
}

/* A URL as it is known so far. */
static void request(const struct rb_value *spec, struct rb_buf *out)
{
    const struct rb_value *url = rb_value_get(spec, "url");
    const char *name = rb_value_get_text(spec, "connection", NULL);
    rb_buf_printf(out, "%s ", rb_http_method(spec));
    for (size_t i = 0; i < rb_value_count(url); i++)
        value_text(rb_value_at(url, i), out);
    if (name)
        rb_buf_printf(out, " (connection %s)", name);
}

/* A message as it is known so far; what a value becomes in its target is not shown. */
static void message(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    static const char *const members[] = {"subject", "text"};
    const char *name = rb_value_get_text(spec, "connection", "");
    line(out, indent, "to ", name, strlen(name));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        const struct rb_value *parts = rb_value_get(spec, members[i]);
        for (size_t k = 0; k < rb_value_count(parts); k++)
            value_text(rb_value_at(parts, k), &text);
        lines(out, indent, rb_buf_text(&text));
    }
}

static void statement(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    const struct rb_value *params = rb_value_get(spec, "params");
    RB_AUTO_BUF struct rb_buf whole = {0};
    rb_sql_text_join(rb_value_get(spec, "text"), &whole);
    lines(out, indent, rb_buf_text(&whole));
    for (size_t i = 0; i < rb_value_count(params); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "$%zu = ", i + 1);
        value_text(rb_value_at(params, i), &text);
        line(out, indent, "", rb_buf_text(&text), text.length);
    }
}

/* With the values beside them, as they are bound. */
static void statements(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    const struct rb_value *list = rb_value_get(spec, "statements");
    const struct rb_value *review = rb_value_get(spec, "review");
    for (size_t i = 0; i < rb_value_count(list); i++)
        statement(out, indent, rb_value_at(list, i));
    if (!review)
        return;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "asks before COMMIT, at most ");
    rb_duration_format(rb_value_get_int(review, "idle_us", 0), &text);
    rb_buf_puts(&text, ", with what this returns before and after:");
    line(out, indent, "", rb_buf_text(&text), text.length);
    statement(out, indent + 2, rb_value_get(review, "query"));
}

/* What it looks at, how often, and what it does. */
static void guard(struct rb_buf *out, int indent, const struct rb_plan *plan,
                  const struct rb_step *step)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const char *trip = rb_on_failure_name(step->on_failure);
    if (step->check >= 0)
        lines(out, indent, plan->exprs[step->check].source);
    rb_buf_puts(&text, "every ");
    rb_duration_format(rb_value_get_int(step->spec, "every_us", RB_GUARD_EVERY), &text);
    rb_buf_puts(&text, ", trips after ");
    rb_duration_format(rb_value_get_int(step->spec, "trips_after_us", 0), &text);
    rb_buf_printf(&text, ": %s; covers %s to %s", step->pauses ? "pause" : trip,
                  step->covers_from < 0 ? "the first step"
                                        : plan->steps[step->covers_from].id,
                  step->covers_to < 0 ? "the last" : plan->steps[step->covers_to].id);
    line(out, indent, "", rb_buf_text(&text), text.length);
}

/* Who has to sign, and by when. */
static void approval(struct rb_buf *out, int indent, const struct rb_plan *plan,
                     const struct rb_value *spec)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *roles = rb_value_get(spec, "roles");
    const char *message = rb_value_get_text(spec, "message", NULL);
    if (message)
        lines(out, indent, message);
    for (size_t i = 0; i < rb_value_count(roles); i++) {
        const char *role = rb_value_as_text(rb_value_at(roles, i), "");
        const struct rb_value *people = rb_value_get(plan->roles, role);
        rb_buf_clear(&text);
        rb_buf_printf(&text, "signed by %s: ", role);
        for (size_t k = 0; k < rb_value_count(people); k++)
            rb_buf_printf(&text, "%s%s", k ? ", " : "",
                          rb_value_as_text(rb_value_at(people, k), ""));
        line(out, indent, "", rb_buf_text(&text), text.length);
    }
    rb_buf_clear(&text);
    if (rb_value_get(spec, "quorum"))
        rb_buf_printf(&text, "%lld of them, within ",
                      (long long)rb_value_get_int(spec, "quorum", 0));
    else
        rb_buf_puts(&text, "one of each, within ");
    rb_duration_format(rb_value_get_int(spec, "expires_us", INT64_C(86400) * RB_SEC),
                       &text);
    line(out, indent, "", rb_buf_text(&text), text.length);
}

static void action(struct rb_buf *out, int indent, const struct rb_plan *plan, int index,
                   const struct rb_value *spec)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *pipe = rb_value_get(spec, "pipe");
    switch (plan->steps[index].action) {
    case RB_ACTION_RUN:
        script(out, indent, spec);
        return;
    case RB_ACTION_EXEC:
        program(rb_value_get(spec, "argv"), &text);
        break;
    case RB_ACTION_PIPE:
        for (size_t i = 0; i < rb_value_count(pipe); i++) {
            rb_buf_puts(&text, i ? " | " : "");
            program(rb_value_at(pipe, i), &text);
        }
        break;
    case RB_ACTION_HTTP:
        request(spec, &text);
        break;
    case RB_ACTION_SQL:
        statements(out, indent, spec);
        return;
    case RB_ACTION_NOTIFY:
        message(out, indent, spec);
        return;
    case RB_ACTION_LUA:
        lines(out, indent, plan->exprs[rb_value_get_int(spec, "chunk", 0)].source);
        return;
    case RB_ACTION_GATE:
        gate(out, indent, plan, spec);
        return;
    case RB_ACTION_GUARD:
        guard(out, indent, plan, &plan->steps[index]);
        return;
    case RB_ACTION_CHECKLIST:
        listed(out, indent, rb_value_get(spec, "items"), "[ ] ", "text", "id");
        return;
    case RB_ACTION_ASK:
        listed(out, indent, rb_value_get(spec, "fields"), "asks: ", "title", "name");
        return;
    case RB_ACTION_APPROVE:
        approval(out, indent, plan, spec);
        return;
    case RB_ACTION_CONFIRM:
        value_text(rb_value_get(spec, "message"), &text);
        break;
    case RB_ACTION_WAIT:
        if (rb_value_get(spec, "until"))
            rb_buf_printf(&text, "until %s%s%s", rb_value_get_text(spec, "until", ""),
                          rb_value_get(spec, "tz") ? " in " : "",
                          rb_value_get_text(spec, "tz", ""));
        else
            rb_duration_format(rb_value_get_int(spec, "for_us", 0), &text);
        break;
    default:
        return;
    }
    line(out, indent, "", rb_buf_text(&text), text.length);
}

void rb_step_text_window(const struct rb_value *window, int indent, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!window)
        return;
    rb_window_text(window, &text);
    line(out, indent, "begins only in its window: ", rb_buf_text(&text), text.length);
}

/* How young its result and those of others have to be. */
static void freshness(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *needs = rb_value_get(spec, "needs");
    rb_time fresh = rb_value_get_int(spec, "fresh_us", 0);
    if (fresh) {
        rb_buf_puts(&text, "its result counts for ");
        rb_duration_format(fresh, &text);
    }
    if (needs)
        rb_buf_printf(
            &text, "%sbefore it, what is too old is made again: ", text.length ? "; " : "");
    for (size_t i = 0; i < rb_value_count(needs); i++)
        rb_buf_printf(&text, "%s%s", i ? ", " : "",
                      rb_value_as_text(rb_value_at(needs, i), ""));
    if (text.length)
        line(out, indent, "", rb_buf_text(&text), text.length);
}

static void modifiers(struct rb_buf *out, int indent, const struct rb_preview *preview,
                      int index)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_step *step = &plan->steps[index];
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_step_text_window(rb_value_get(step->spec, "window"), indent, out);
    freshness(out, indent, step->spec);
    if (step->when >= 0) {
        const char *source = plan->exprs[step->when].source;
        line(out, indent, "when: ", source, strlen(source));
    }
    if (step->for_each >= 0) {
        const char *source = plan->exprs[step->for_each].source;
        line(out, indent, "for each of: ", source, strlen(source));
    }
    if (step->limit)
        rb_buf_printf(&text, "%d at once", step->limit);
    if (step->max_failures)
        rb_buf_printf(&text, "%sfails with %d%s failed", text.length ? ", " : "",
                      step->max_failures, step->max_failures_percent ? "%" : "");
    if (step->cancel_branches)
        rb_buf_printf(&text, "%sone that fails ends the others", text.length ? ", " : "");
    if (step->timeout) {
        rb_buf_puts(&text, text.length ? ", timeout " : "timeout ");
        rb_duration_format(step->timeout, &text);
    }
    if (step->retry.attempts > 1)
        rb_buf_printf(&text, "%s%d attempts", text.length ? ", " : "",
                      step->retry.attempts);
    if (step->probe >= 0)
        rb_buf_printf(&text, "%sa probe tells whether it is done", text.length ? ", " : "");
    rb_time duty = rb_value_get_int(rb_value_get(step->spec, "obligation"), "within_us", 0);
    if (duty) {
        rb_buf_puts(&text, "left to be confirmed within ");
        rb_duration_format(duty, &text);
    }
    if (step->on_failure == RB_FAIL_CONTINUE)
        rb_buf_printf(&text, "%sgoes on when it fails", text.length ? ", " : "");
    if (step->on_failure == RB_FAIL_ROLLBACK && !rb_action_holds_steps(step->action) &&
        step->action != RB_ACTION_GUARD)
        rb_buf_printf(&text, "%sthe run is rolled back when it fails",
                      text.length ? ", " : "");
    if (step->no_undo)
        rb_buf_printf(&text, "%sno undo wanted", text.length ? ", " : "");
    if (rb_plan_tells_ways_back(plan) && rb_plan_lacks_undo(plan, index))
        rb_buf_printf(&text, "%sNO UNDO", text.length ? ", " : "");
    if (text.length)
        line(out, indent, "", rb_buf_text(&text), text.length);
}

/* Whose steps they are, and what they are given. */
static void called(struct rb_buf *out, int indent, const struct rb_plan *plan, int index,
                   const struct rb_value *spec)
{
    const struct rb_book *book = plan->books[plan->steps[index].calls];
    const struct rb_value *with = rb_value_get(spec, "with");
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "%s, %s", book->name, rb_value_get_text(spec, "file", ""));
    line(out, indent, "the steps of ", rb_buf_text(&text), text.length);
    for (int i = 0; i < book->param_count; i++) {
        const char *name = book->params[i].name;
        const struct rb_value *given = rb_value_get(with, name);
        RB_AUTO_BUF struct rb_buf value = {0};
        rb_buf_printf(&value, "%s = ", name);
        value_text(given ? given : book->params[i].fallback, &value);
        line(out, indent, "  ", rb_buf_text(&value), value.length);
    }
}

/* Of a file those that stand in it. */
static void secret(const char *what, const struct rb_value *value, int indent,
                   struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf names = {0};
    const struct rb_value *parts = rb_value_get(value, "file");
    if (rb_template_secret(value))
        rb_buf_printf(&names, "secret:%s", rb_template_secret(value));
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        const char *name = rb_template_secret(rb_value_at(parts, i));
        const char *before = names.length > 0 ? ", " : "a file with ";
        if (name)
            rb_buf_printf(&names, "%ssecret:%s", before, name);
    }
    if (names.length > 0)
        rb_buf_printf(out, "%*s%s = %s\n", indent, "", what, rb_buf_text(&names));
}

void rb_step_text_secrets(const struct rb_value *env, const struct rb_value *input,
                          int indent, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(env); i++)
        secret(rb_value_as_text(rb_value_key_at(env, i), ""), rb_value_member_at(env, i),
               indent, out);
    secret("standard input", input, indent, out);
}

void rb_step_text(const struct rb_preview *preview, int index, const struct rb_value *spec,
                  struct rb_buf *out)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_step *step = &plan->steps[index];
    const char *title = rb_value_get_text(spec, "title", "");
    int depth = 0;
    for (int at = step->parent; at >= 0; at = plan->steps[at].parent)
        depth++;
    rb_buf_printf(out, "%*s%-*s %-10s ", 2 * depth, "", 26 - 2 * depth, step->id,
                  rb_action_name(step->action));
    rb_text_visible(title, strlen(title), false, out);
    if (step->undoes >= 0)
        rb_buf_puts(out, *title ? " (takes it back)" : "takes it back");
    rb_buf_putc(out, '\n');
    const char *error = rb_value_get_text(spec, "error", NULL);
    if (error)
        line(out, INDENT + 2 * depth, "can't be filled in: ", error, strlen(error));
    else if (step->calls)
        called(out, INDENT + 2 * depth, plan, index, spec);
    else
        action(out, INDENT + 2 * depth, plan, index, spec);
    const char *role = rb_value_get_text(spec, "role", NULL);
    if (role)
        line(out, INDENT + 2 * depth, "answered and signed by ", role, strlen(role));
    rb_step_text_secrets(rb_value_get(spec, "env"), rb_value_get(spec, "stdin"),
                         INDENT + 2 * depth, out);
    modifiers(out, INDENT + 2 * depth, preview, index);
}
