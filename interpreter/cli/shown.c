#include "cli/shown.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/plan_text.h"
#include "cli/preview.h"
#include "render/words.h"

static void labelled(const char *label, const char *text, struct rb_buf *out)
{
    if (!text)
        return;
    rb_buf_printf(out, "%-12s ", label);
    rb_text_visible(text, strlen(text), false, out);
    rb_buf_putc(out, '\n');
}

/* Each member on a line, as it is written where it is a text and as JSON where it is not. */
static void members(const char *label, const struct rb_value *map, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(map); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "%s = ", rb_value_as_text(rb_value_key_at(map, i), ""));
        rb_words_value(&text, rb_value_member_at(map, i));
        labelled(i == 0 ? label : "", rb_buf_text(&text), out);
    }
}

static void person(const struct rb_value *operator, rb_time utc, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    char when[28];
    rb_time_format(utc, when);
    rb_words_person(&text, operator);
    rb_buf_printf(&text, ", %.19sZ", when);
    labelled("run by", rb_buf_text(&text), out);
}

static void question_text(const struct rb_value *question, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf roles = {0};
    rb_time expires = rb_value_get_int(question, "expires", 0);
    char when[28] = "";
    rb_words_roles(&roles, question);
    labelled("question", rb_value_get_text(question, "text", ""), out);
    labelled("why", rb_value_get_text(question, "why", NULL), out);
    labelled("detail", rb_value_get_text(question, "detail", NULL), out);
    labelled("step", rb_value_get_text(question, "step", ""), out);
    members("evidence", rb_value_get(question, "shown"), out);
    labelled("signed by", rb_buf_text(&roles), out);
    if (!expires)
        return;
    rb_time_format(expires, when);
    when[19] = '\0';
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "%sZ", when);
    labelled("expires", rb_buf_text(&text), out);
}

/* Whoever signs has to know that it was not as the runbook has it. */
static void otherwise(const struct rb_value *overrides, rb_time utc, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(overrides); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_override(&text, rb_value_at(overrides, i), utc);
        labelled(i == 0 ? "by a person" : "", rb_buf_text(&text), out);
    }
}

bool rb_shown_text(const struct rb_shown *shown, struct rb_buf *out, struct rb_error *err)
{
    const struct rb_value *created = shown->created;
    struct rb_preview preview;
    if (!rb_preview_of(shown->document, created, shown->utc, &preview, err))
        return false;
    /* Another text than the one that was signed, or will be, when the worker answers. */
    if (preview.unanswered) {
        rb_preview_done(&preview);
        return rb_fail(err, RB_ERR_PROTOCOL,
                       "what is shown to signers can't be made now: the Lua worker died or "
                       "took too long; try again");
    }
    labelled("run", rb_value_get_text(created, "run", ""), out);
    person(rb_value_get(created, "operator"), shown->utc, out);
    labelled("environment", rb_value_get_text(created, "environment", NULL), out);
    members("parameters", rb_value_get(created, "params"), out);
    otherwise(shown->overrides, shown->utc, out);
    question_text(shown->question, out);
    rb_buf_puts(out, "\nwhat runs:\n\n");
    rb_plan_text(&preview, out);
    rb_preview_done(&preview);
    return true;
}
