#include "render/prompt_inner.h"

#include <string.h>

#include "base/text.h"
#include "render/words.h"

/* The column where texts with a label begin, and on narrow terminals only their further rows. */
enum { LABELS = 14, NARROW = 60, NARROW_LABELS = 6 };

static void add_text(struct rb_rows *rows, const struct rb_paint *paint, enum rb_ink ink,
                     int limit, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    int indent = !*label ? 4 : limit < NARROW ? NARROW_LABELS : LABELS;
    struct rb_row *row = rb_rows_new(rows, limit);
    rb_row_pad(row, 4);
    rb_row_add(row, paint, RB_INK_DIM, label);
    if (strlen(label) > 1 && limit < NARROW)
        rb_row_add(row, paint, RB_INK_DIM, ":");
    rb_row_add(row, paint, RB_INK_PLAIN, *label ? " " : "");
    for (;;) {
        size_t length = strcspn(text, "\n");
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_text_visible(text, length, false, &line);
        rb_rows_wrap(rows, paint, ink, indent, rb_buf_text(&line));
        text += length + strspn(text + length, "\n");
        if (!*text)
            return;
        rb_rows_new(rows, limit);
    }
}

/* "? preflight 3 of 12: The backup is there" */
static void add_head(const struct rb_prompt *prompt, const struct rb_paint *paint,
                     int limit, struct rb_rows *rows)
{
    const struct rb_value *question = prompt->question;
    const char *kind = rb_value_get_text(question, "kind", "");
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_words_numbered(&text, question);
    rb_buf_puts(&text, ": ");
    if (strcmp(kind, "doubt") == 0)
        rb_buf_puts(&text, "in doubt: ");
    if (strcmp(kind, "undo") == 0)
        rb_buf_puts(&text, "is it to be taken back? ");
    if (strcmp(kind, "review") == 0)
        rb_buf_puts(&text, "commit, or roll back? ");
    if (strcmp(kind, "failure") == 0)
        rb_buf_puts(&text, "how to go on?");
    else
        rb_words_text(&text, rb_value_get_text(question, "text", ""));
    int indent = paint->utf8 ? 2 : 5;
    struct rb_row *row = rb_rows_new(rows, limit);
    rb_row_mark(row, paint, RB_MARK_ASKING);
    rb_rows_wrap(rows, paint, RB_INK_STRONG, indent, rb_buf_text(&text));
}

static void add_choices(const struct rb_prompt *prompt, const struct rb_paint *paint,
                        int limit, struct rb_rows *rows)
{
    struct rb_row *row = NULL;
    for (const struct rb_choice *choice = prompt->choices; choice->key; choice++) {
        bool more = choice->needs != RB_NEEDS_NOTHING && choice->needs != RB_NEEDS_HELP &&
                    choice->needs != RB_MAY_REASON;
        const char key[] = {choice->key, ' ', '\0'};
        RB_AUTO_BUF struct rb_buf label = {0};
        rb_buf_puts(&label, choice->label);
        rb_buf_puts(&label, more ? (paint->utf8 ? "…" : "...") : "");
        if (choice->needs == RB_NEEDS_EVIDENCE && rb_prompt_lacks_evidence(prompt))
            rb_buf_puts(&label, " (needed for yes)");
        int width = 2 + rb_row_width(rb_buf_text(&label));
        if (!row || row->width + 3 + width > limit) {
            row = rb_rows_new(rows, limit);
            rb_row_pad(row, 4);
        } else {
            rb_row_add(row, paint, RB_INK_PLAIN, "   ");
        }
        rb_row_add(row, paint, RB_INK_STRONG, key);
        rb_row_add(row, paint, RB_INK_PLAIN, rb_buf_text(&label));
    }
}

/* "; a reason may follow r, t" */
static void add_reasons(const struct rb_choice *choices, struct rb_buf *out)
{
    const char *before = "; a reason may follow ";
    for (; choices->key; choices++) {
        if (choices->needs != RB_MAY_REASON)
            continue;
        rb_buf_printf(out, "%s%c", before, choices->key);
        before = ", ";
    }
}

static void add_help(const struct rb_prompt *prompt, const struct rb_paint *paint,
                     int limit, struct rb_rows *rows)
{
    for (const struct rb_choice *choice = prompt->choices; choice->key; choice++) {
        const char key[] = {choice->key, '\0'};
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "%s: %s", choice->word, choice->help);
        if (choice->needs == RB_NEEDS_HELP)
            add_reasons(prompt->choices, &text);
        add_text(rows, paint, RB_INK_PLAIN, limit, key, rb_buf_text(&text));
    }
}

static void add_field(const struct rb_prompt *prompt, const struct rb_paint *paint,
                      int limit, struct rb_rows *rows)
{
    const struct rb_value *field = rb_value_get(prompt->question, "field");
    const struct rb_value *values = rb_value_get(field, "values");
    const struct rb_value *min = rb_value_get(field, "min"),
                          *max = rb_value_get(field, "max");
    const char *type = rb_value_get_text(field, "type", "string");
    RB_AUTO_BUF struct rb_buf what = {0};
    rb_words_text(&what, strcmp(type, "date") == 0      ? "a date, like 2025-11-22"
                         : strcmp(type, "boolean") == 0 ? "true or false"
                         : strcmp(type, "integer") == 0 ? "a whole number"
                         : strcmp(type, "number") == 0  ? "a number"
                         : values                       ? "one of"
                                                        : "a text");
    for (size_t i = 0; i < rb_value_count(values); i++) {
        rb_buf_puts(&what, i > 0 ? ", " : " ");
        rb_words_value(&what, rb_value_at(values, i));
    }
    if (min) {
        rb_buf_puts(&what, ", at least ");
        rb_words_value(&what, min);
    }
    if (max) {
        rb_buf_puts(&what, ", at most ");
        rb_words_value(&what, max);
    }
    const char *pattern = rb_value_get_text(field, "pattern", NULL);
    if (pattern) {
        rb_buf_puts(&what, " that matches ");
        rb_words_text(&what, pattern);
    }
    add_text(rows, paint, RB_INK_PLAIN, limit, "takes", rb_buf_text(&what));
}

void rb_prompt_rows(const struct rb_prompt *prompt, const struct rb_paint *paint, int limit,
                    struct rb_rows *rows)
{
    const struct rb_value *question = prompt->question;
    const char *kind = rb_value_get_text(question, "kind", "");
    add_head(prompt, paint, limit, rows);
    add_text(rows, paint, RB_INK_PLAIN, limit, "why",
             rb_value_get_text(question, "why", NULL));
    /* It may hold what a child wrote: kept in one line. */
    RB_AUTO_BUF struct rb_buf found = {0};
    rb_words_text(&found, rb_value_get_text(question, "detail", NULL));
    add_text(rows, paint, RB_INK_CARE, limit, "found", rb_buf_text(&found));
    add_text(rows, paint, RB_INK_PLAIN, limit, "evidence", prompt->evidence);
    add_text(rows, paint, RB_INK_PLAIN, limit, "note", prompt->note);
    if (!prompt->choices)
        add_field(prompt, paint, limit, rows);
    else if (prompt->pending)
        add_text(rows, paint, RB_INK_DIM, limit, prompt->pending->word,
                 prompt->after ? "this item needs it: a text, a link, the path of a file "
                                 "(Ctrl-D goes back)"
                               : prompt->pending->help);
    else if (prompt->help)
        add_help(prompt, paint, limit, rows);
    const char *type = rb_value_get_text(question, "type", NULL);
    if (type && !prompt->pending)
        add_text(rows, paint, RB_INK_STRONG, limit, "type out", type);
    if (prompt->choices && !prompt->pending && !prompt->help)
        add_choices(prompt, paint, limit, rows);
    if (strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0 ||
        strcmp(kind, "window") == 0 || strcmp(kind, "undo") == 0)
        add_text(rows, paint, RB_INK_PLAIN, limit, "later", prompt->resume);
    add_text(rows, paint, RB_INK_CARE, limit, "", prompt->message);
}
