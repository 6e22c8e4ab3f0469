#include "lua/expect.h"

#include <inttypes.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/pattern.h"
#include "lua/partial.h"
#include "lua/quote.h"
#include "lua/rows.h"
#include "lua/stream.h"
#include "lua/verdict.h"

enum { EXCERPT_MAX = 120 };

struct judge {
    const struct rb_value *result;
    const struct rb_world *world;
    struct rb_list_builder *items;
};

static void holds(struct judge *judge, const char *name)
{
    rb_list_add(judge->items, rb_verdict_item(name, "holds", NULL, 0));
}

static void fails(struct judge *judge, const char *name, const struct rb_buf *why)
{
    rb_list_add(judge->items,
                rb_verdict_item(name, "fails", rb_buf_text(why), why->length));
}

static void errs(struct judge *judge, const char *name, const char *message)
{
    rb_list_add(judge->items, rb_verdict_error(name, message));
}

static void judge_exit(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.exit";
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *code = rb_value_get(judge->result, "exit");
    if (!rb_value_is(code, RB_INT)) {
        errs(judge, name, "there is no exit code");
        return;
    }
    rb_buf_printf(&why, "exit code %" PRId64 ", expected ", rb_value_as_int(code, 0));
    for (size_t i = 0; i < rb_value_count(expected); i++) {
        const struct rb_value *one = rb_value_at(expected, i);
        if (rb_value_equal(code, one)) {
            holds(judge, name);
            return;
        }
        rb_buf_puts(&why, i == 0 ? "" : i + 1 < rb_value_count(expected) ? ", " : " or ");
        rb_buf_printf(&why, "%" PRId64, rb_value_as_int(one, 0));
    }
    fails(judge, name, &why);
}

static bool read_stream(struct judge *judge, const char *member, const char *name,
                        struct rb_buf *ret_text)
{
    struct rb_error err;
    if (!rb_value_get(judge->result, "exit") && !rb_value_get(judge->result, "status")) {
        errs(judge, name, "the process did not come to its end");
        return false;
    }
    if (rb_stream_read(judge->world, rb_value_get(judge->result, member), ret_text, &err))
        return true;
    errs(judge, name, err.message);
    return false;
}

/* What most programs write ends with a newline that nobody writes down as expected. */
static bool same_text(const struct rb_buf *text, const char *expected, size_t length)
{
    size_t actual = text->length;
    if (actual == length + 1 && text->data[length] == '\n' &&
        (length == 0 || expected[length - 1] != '\n'))
        actual--;
    return actual == length && (length == 0 || memcmp(text->data, expected, length) == 0);
}

/* Texts of which one as it is expected is enough. */
struct said {
    const char *what;
    const struct rb_buf *texts;
    size_t count;
};

static void say_difference(const struct said *said, const char *how,
                           const struct rb_value *expected, struct rb_buf *why)
{
    rb_buf_printf(why, "%s %s ", said->what, how);
    rb_quote_line(rb_value_as_text(expected, ""), rb_value_length(expected), EXCERPT_MAX,
                  why);
    for (size_t i = 0; i < said->count; i++) {
        const struct rb_buf *text = &said->texts[i];
        rb_buf_puts(why, i == 0 ? ": it is " : " and ");
        if (text->length == 0)
            rb_buf_puts(why, "empty");
        else
            rb_quote_text(text->data, text->length, EXCERPT_MAX, why);
    }
}

static enum rb_pattern_verdict match(const struct rb_value *pattern,
                                     const struct rb_buf *text, struct rb_error *err)
{
    struct rb_pattern *compiled;
    enum rb_pattern_verdict verdict = RB_PATTERN_GAVE_UP;
    if (rb_pattern_compile(rb_value_as_text(pattern, ""), rb_value_length(pattern),
                           RB_PATTERN_ANYWHERE, &compiled, NULL, err)) {
        verdict = rb_pattern_match(compiled, rb_buf_text(text), text->length, 0, err);
        rb_pattern_free(compiled);
    }
    return verdict;
}

static enum rb_pattern_verdict compare(const struct rb_value *expected,
                                       const struct rb_buf *text, struct rb_error *err)
{
    const struct rb_value *equals = rb_value_get(expected, "equals");
    if (!equals)
        return match(rb_value_get(expected, "pattern"), text, err);
    return same_text(text, rb_value_as_text(equals, ""), rb_value_length(equals))
               ? RB_PATTERN_MATCHES
               : RB_PATTERN_DIFFERS;
}

/* A text that could not be compared might have been the one. */
static enum rb_pattern_verdict compare_any(const struct rb_value *expected,
                                           const struct said *said, struct rb_error *err)
{
    enum rb_pattern_verdict all = RB_PATTERN_DIFFERS;
    for (size_t i = 0; i < said->count && all != RB_PATTERN_MATCHES; i++) {
        enum rb_pattern_verdict one = compare(expected, &said->texts[i], err);
        if (one != RB_PATTERN_DIFFERS)
            all = one;
    }
    return all;
}

static void judge_text(struct judge *judge, const struct rb_value *expected,
                       const struct said *said, const char *name)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    struct rb_error err = {0};
    const struct rb_value *equals = rb_value_get(expected, "equals");
    switch (compare_any(expected, said, &err)) {
    case RB_PATTERN_MATCHES:
        holds(judge, name);
        break;
    case RB_PATTERN_GAVE_UP:
        rb_error_prefix(&err, "the pattern");
        errs(judge, name, err.message);
        break;
    case RB_PATTERN_DIFFERS:
        say_difference(said, equals ? "is not" : "does not match",
                       equals ? equals : rb_value_get(expected, "pattern"), &why);
        fails(judge, name, &why);
        break;
    }
}

static void judge_stream(struct judge *judge, const struct rb_value *expected,
                         const char *stream, const char *member, const char *name)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (read_stream(judge, member, name, &text))
        judge_text(judge, expected, &(struct said){stream, &text, 1}, name);
}

static void judge_json(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.json";
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_BUF struct rb_buf why = {0};
    RB_AUTO_VALUE const struct rb_value *actual = NULL;
    struct rb_error err;
    if (!read_stream(judge, "out", name, &text))
        return;
    if (!rb_json_parse(rb_buf_text(&text), text.length, &actual, &err)) {
        rb_error_prefix(&err, "%s",
                        rb_value_get(judge->result, "status") ? "the body" : "stdout");
        errs(judge, name, err.message);
        return;
    }
    if (rb_partial_match(actual, expected, &why))
        holds(judge, name);
    else
        fails(judge, name, &why);
}

static bool is_expected_status(int64_t status, const struct rb_value *one)
{
    const char *range = rb_value_as_text(one, NULL);
    return range ? status / 100 == range[0] - '0' : status == rb_value_as_int(one, -1);
}

static void judge_status(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.status";
    RB_AUTO_BUF struct rb_buf why = {0};
    int64_t status = rb_value_get_int(judge->result, "status", 0);
    size_t count = rb_value_count(expected);
    if (status == 0) {
        errs(judge, name, "there is no answer");
        return;
    }
    rb_buf_printf(&why, "status %" PRId64 ", expected ", status);
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *one = rb_value_at(expected, i);
        if (is_expected_status(status, one)) {
            holds(judge, name);
            return;
        }
        rb_buf_puts(&why, i == 0 ? "" : i + 1 < count ? ", " : " or ");
        if (rb_value_is(one, RB_INT))
            rb_buf_put_int(&why, rb_value_as_int(one, 0));
        else
            rb_buf_puts(&why, rb_value_as_text(one, ""));
    }
    fails(judge, name, &why);
}

/* One that may stand several times without being a list of commas is a list (effects/http.md). */
static void judge_values(struct judge *judge, const char *header,
                         const struct rb_value *value, const struct rb_value *expected,
                         const char *name)
{
    bool list = rb_value_is(value, RB_LIST);
    size_t count = list ? rb_value_count(value) : 1;
    struct rb_buf *texts = rb_alloc(count * sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *one = list ? rb_value_at(value, i) : value;
        rb_buf_append(&texts[i], rb_value_as_text(one, ""), rb_value_length(one));
    }
    judge_text(judge, expected, &(struct said){header, texts, count}, name);
    for (size_t i = 0; i < count; i++)
        rb_buf_done(&texts[i]);
    free(texts);
}

static void judge_header(struct judge *judge, const char *header,
                         const struct rb_value *expected)
{
    RB_AUTO_BUF struct rb_buf name = {0}, why = {0};
    const struct rb_value *headers = rb_value_get(judge->result, "headers");
    const struct rb_value *value = rb_value_get(headers, header);
    rb_buf_printf(&name, "expect.header.%s", header);
    if (!headers) {
        errs(judge, rb_buf_text(&name), "there is no answer");
    } else if (!value) {
        rb_buf_printf(&why, "there is no header %s", header);
        fails(judge, rb_buf_text(&name), &why);
    } else {
        judge_values(judge, header, value, expected, rb_buf_text(&name));
    }
}

static void judge_rows(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.rows";
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *rows = rb_value_get(rb_rows_result(judge->result), "rows");
    if (!rows) {
        errs(judge, name, "the statement counts no rows");
        return;
    }
    if (rb_value_equal(rows, expected)) {
        holds(judge, name);
        return;
    }
    rb_buf_printf(&why, "%" PRId64 " rows, expected %" PRId64, rb_value_as_int(rows, 0),
                  rb_value_as_int(expected, 0));
    fails(judge, name, &why);
}

/* A number by its value; a text by what the server wrote. */
static void judge_value(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.value";
    RB_AUTO_BUF struct rb_buf why = {0};
    RB_AUTO_VALUE const struct rb_value *actual = NULL;
    struct rb_error err;
    if (!rb_rows_value(judge->world, rb_rows_result(judge->result), &actual, &err)) {
        errs(judge, name, err.message);
        return;
    }
    if (rb_partial_match(actual, expected, &why))
        holds(judge, name);
    else
        fails(judge, name, &why);
}

static void judge_columns(struct judge *judge, const struct rb_value *expected)
{
    static const char name[] = "expect.columns";
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *columns = rb_value_get(rb_rows_result(judge->result), "columns");
    bool same = rb_value_count(columns) == rb_value_count(expected);
    rb_buf_puts(&why, "the columns are ");
    for (size_t i = 0; i < rb_value_count(columns); i++) {
        const struct rb_value *column = rb_value_get(rb_value_at(columns, i), "name");
        same = same && rb_value_equal(column, rb_value_at(expected, i));
        rb_buf_puts(&why, i ? ", " : "");
        rb_buf_puts(&why, rb_value_as_text(column, ""));
    }
    rb_buf_puts(&why, rb_value_count(columns) ? ", expected " : "none, expected ");
    for (size_t i = 0; i < rb_value_count(expected); i++) {
        rb_buf_puts(&why, i ? ", " : "");
        rb_buf_puts(&why, rb_value_as_text(rb_value_at(expected, i), ""));
    }
    if (same)
        holds(judge, name);
    else
        fails(judge, name, &why);
}

static void judge_time(struct judge *judge, rb_time most)
{
    static const char name[] = "expect.max_time";
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *spent = rb_value_get(judge->result, "duration_us");
    if (!rb_value_is(spent, RB_INT)) {
        errs(judge, name, "nobody knows how long it took");
        return;
    }
    if (rb_value_as_int(spent, 0) <= most) {
        holds(judge, name);
        return;
    }
    rb_buf_puts(&why, "it took ");
    rb_duration_human(rb_value_as_int(spent, 0), &why);
    rb_buf_puts(&why, ", at most ");
    rb_duration_human(most, &why);
    rb_buf_puts(&why, " were expected");
    fails(judge, name, &why);
}

void rb_expect_judge(const struct rb_value *job, const struct rb_world *world,
                     struct rb_list_builder *items)
{
    const struct rb_value *expect = rb_value_get(job, "expect");
    struct judge judge = {rb_value_get(rb_value_get(job, "scope"), "result"), world, items};
    const struct rb_value *wanted;
    if ((wanted = rb_value_get(expect, "exit")))
        judge_exit(&judge, wanted);
    if ((wanted = rb_value_get(expect, "status")))
        judge_status(&judge, wanted);
    const struct rb_value *headers = rb_value_get(expect, "header");
    for (size_t i = 0; i < rb_value_count(headers); i++)
        judge_header(&judge, rb_value_as_text(rb_value_key_at(headers, i), ""),
                     rb_value_member_at(headers, i));
    if ((wanted = rb_value_get(expect, "body")))
        judge_stream(&judge, wanted, "body", "out", "expect.body");
    if ((wanted = rb_value_get(expect, "stdout")))
        judge_stream(&judge, wanted, "stdout", "out", "expect.stdout");
    if ((wanted = rb_value_get(expect, "stderr")))
        judge_stream(&judge, wanted, "stderr", "err", "expect.stderr");
    if ((wanted = rb_value_get(expect, "json")))
        judge_json(&judge, wanted);
    if ((wanted = rb_value_get(expect, "rows")))
        judge_rows(&judge, wanted);
    if ((wanted = rb_value_get(expect, "value")))
        judge_value(&judge, wanted);
    if ((wanted = rb_value_get(expect, "columns")))
        judge_columns(&judge, wanted);
    if ((wanted = rb_value_get(expect, "max_time_us")))
        judge_time(&judge, rb_value_as_int(wanted, 0));
}
