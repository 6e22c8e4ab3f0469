#include "render/review.h"

#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "journal/blob.h"
#include "plan/template.h"
#include "render/words.h"

enum { TABLE_BYTES = 64 << 10 }; /* of what is 20 rows at most */

struct showing {
    const struct rb_failure_place *place;
    rb_failure_tell *tell;
    void *context;
};

static void tell_lines(const struct showing *showing, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_text_visible(text, length, false, &line);
        showing->tell(showing->context, RB_FAILURE_OUTPUT, rb_buf_text(&line));
        text += length + (text[length] == '\n');
    }
}

/* Where all the rows are that the table has no room for. */
static void tell_path(const struct showing *showing, const struct rb_value *rows)
{
    RB_AUTO_BUF struct rb_buf label = {0}, path = {0};
    const char *hex = rb_blob_hex(rows);
    if (!hex)
        return;
    rb_buf_puts(&label, "all of it, ");
    rb_words_bytes(&label, rb_value_get_int(rows, "bytes", 0));
    rb_buf_puts(&label, ":");
    rb_words_text(&path, showing->place->run_path);
    rb_buf_printf(&path, "/blobs/sha256/%s", hex);
    showing->tell(showing->context, RB_FAILURE_LABEL, rb_buf_text(&label));
    showing->tell(showing->context, RB_FAILURE_PATH, rb_buf_text(&path));
}

/* Beside its rows a table has a head, a rule and a count. */
static bool is_cut(const struct rb_buf *table, int64_t rows)
{
    int64_t lines = 0;
    for (size_t i = 0; i < table->length; i++)
        lines += table->data[i] == '\n';
    return lines > 0 && rows > lines - 3;
}

static void tell_result(const struct showing *showing, const char *label,
                        const struct rb_value *result)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_error err = {0};
    const char *hex = rb_blob_hex(rb_value_get(result, "table"));
    showing->tell(showing->context, RB_FAILURE_LABEL, label);
    if (hex && rb_blob_read(showing->place->run_dir, hex, 0, TABLE_BYTES, &text, &err))
        tell_lines(showing, rb_buf_text(&text));
    else
        tell_lines(showing, hex ? err.message : "(nothing)");
    if (is_cut(&text, rb_value_get_int(result, "rows", 0)))
        tell_path(showing, rb_value_get(result, "out"));
}

/* Red where the last statement did not touch as many as its author expected. */
static void tell_rows(const struct showing *showing, const struct rb_value *question)
{
    const struct rb_value *rows = rb_value_get(question, "rows");
    const struct rb_value *expected = rb_value_get(question, "expected");
    size_t count = rb_value_count(rows);
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *touched = rb_value_at(rows, i);
        bool judged = expected && i + 1 == count;
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_buf_printf(&line, "statement %zu: ", i + 1);
        if (!rb_template_text(touched, &line))
            rb_buf_puts(&line, "no count of");
        rb_buf_puts(&line, rb_value_as_int(touched, 0) == 1 ? " row" : " rows");
        if (judged)
            rb_buf_printf(&line, ", expected %lld",
                          (long long)rb_value_as_int(expected, 0));
        bool wrong = judged && !rb_value_equal(touched, expected);
        showing->tell(showing->context, wrong ? RB_FAILURE_CHECK : RB_FAILURE_LABEL,
                      rb_buf_text(&line));
    }
}

static void tell_notices(const struct showing *showing, const struct rb_value *notices)
{
    size_t count = rb_value_count(notices), shown = (size_t)showing->place->lines;
    for (size_t i = 0; i < count && i < shown; i++) {
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_words_text(&line, rb_value_get_text(rb_value_at(notices, i), "severity", ""));
        rb_buf_puts(&line, ": ");
        rb_words_text(&line, rb_value_get_text(rb_value_at(notices, i), "message", ""));
        showing->tell(showing->context, RB_FAILURE_LABEL, rb_buf_text(&line));
    }
    if (count <= shown)
        return;
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_printf(&line, "and %zu more notices", count - shown);
    showing->tell(showing->context, RB_FAILURE_LABEL, rb_buf_text(&line));
}

void rb_review_lines(const struct rb_value *question, const struct rb_failure_place *place,
                     rb_failure_tell *tell, void *context)
{
    const struct showing showing = {place, tell, context};
    RB_AUTO_BUF struct rb_buf limit = {0};
    tell_result(&showing, "before:", rb_value_get(question, "before"));
    tell_result(&showing, "after:", rb_value_get(question, "after"));
    tell_rows(&showing, question);
    tell_notices(&showing, rb_value_get(question, "notices"));
    rb_buf_puts(&limit, "without an answer it is rolled back after ");
    rb_duration_format(rb_value_get_int(question, "idle_us", 0), &limit);
    tell(context, RB_FAILURE_LABEL, rb_buf_text(&limit));
}
