#include "cli/step_text.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "plan/http.h"
#include "plan/template.h"

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

/* With the values beside them, as they are bound. */
static void statements(struct rb_buf *out, int indent, const struct rb_value *spec)
{
    const struct rb_value *list = rb_value_get(spec, "statements");
    for (size_t i = 0; i < rb_value_count(list); i++) {
        const struct rb_value *params = rb_value_get(rb_value_at(list, i), "params");
        lines(out, indent, rb_value_get_text(rb_value_at(list, i), "text", ""));
        for (size_t k = 0; k < rb_value_count(params); k++) {
            RB_AUTO_BUF struct rb_buf text = {0};
            rb_buf_printf(&text, "$%zu = ", k + 1);
            value_text(rb_value_at(params, k), &text);
            line(out, indent, "", rb_buf_text(&text), text.length);
        }
    }
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
    case RB_ACTION_LUA:
        lines(out, indent, plan->exprs[rb_value_get_int(spec, "chunk", 0)].source);
        return;
    case RB_ACTION_GATE:
        gate(out, indent, plan, spec);
        return;
    case RB_ACTION_CHECKLIST:
        listed(out, indent, rb_value_get(spec, "items"), "[ ] ", "text", "id");
        return;
    case RB_ACTION_ASK:
        listed(out, indent, rb_value_get(spec, "fields"), "asks: ", "title", "name");
        return;
    case RB_ACTION_CONFIRM:
        value_text(rb_value_get(spec, "message"), &text);
        break;
    case RB_ACTION_WAIT:
        if (rb_value_get(spec, "until"))
            rb_buf_printf(&text, "until %s", rb_value_get_text(spec, "until", ""));
        else
            rb_duration_format(rb_value_get_int(spec, "for_us", 0), &text);
        break;
    default:
        return;
    }
    line(out, indent, "", rb_buf_text(&text), text.length);
}

static void modifiers(struct rb_buf *out, int indent, const struct rb_preview *preview,
                      int index)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_step *step = &plan->steps[index];
    RB_AUTO_BUF struct rb_buf text = {0};
    if (step->when >= 0) {
        const char *source = plan->exprs[step->when].source;
        line(out, indent, "when: ", source, strlen(source));
    }
    if (step->for_each >= 0) {
        const char *source = plan->exprs[step->for_each].source;
        line(out, indent, "for each of: ", source, strlen(source));
    }
    if (step->timeout) {
        rb_buf_puts(&text, "timeout ");
        rb_duration_format(step->timeout, &text);
    }
    if (step->retry.attempts > 1)
        rb_buf_printf(&text, "%s%d attempts", text.length ? ", " : "",
                      step->retry.attempts);
    if (step->probe >= 0)
        rb_buf_printf(&text, "%sa probe tells whether it is done", text.length ? ", " : "");
    if (step->on_failure == RB_FAIL_CONTINUE)
        rb_buf_printf(&text, "%sgoes on when it fails", text.length ? ", " : "");
    if (text.length)
        line(out, indent, "", rb_buf_text(&text), text.length);
}

static void secret(const char *what, const struct rb_value *value, int indent,
                   struct rb_buf *out)
{
    if (rb_template_secret(value))
        rb_buf_printf(out, "%*s%s = secret:%s\n", indent, "", what,
                      rb_template_secret(value));
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
    rb_buf_putc(out, '\n');
    const char *error = rb_value_get_text(spec, "error", NULL);
    if (error)
        line(out, INDENT + 2 * depth, "can't be filled in: ", error, strlen(error));
    else
        action(out, INDENT + 2 * depth, plan, index, spec);
    rb_step_text_secrets(rb_value_get(spec, "env"), rb_value_get(spec, "stdin"),
                         INDENT + 2 * depth, out);
    modifiers(out, INDENT + 2 * depth, preview, index);
}
