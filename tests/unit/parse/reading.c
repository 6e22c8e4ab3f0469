#include "reading.h"

#include <stdio.h>

static const char HEAD[] = "runbook: x\nsteps:\n- ";
enum { HEAD_LINES = 2, HEAD_COLUMNS = 2 };

struct reading {
    struct rb_document *document;
    struct rb_diags diags;
};

static struct reading read_text(const char *text, const char *environment)
{
    struct reading reading = {0};
    reading.document =
        rb_document_read("test.yaml", text, strlen(text), environment, &reading.diags);
    rb_diags_sort(&reading.diags);
    return reading;
}

static void end_reading(struct reading *reading)
{
    rb_document_free(reading->document);
    rb_diags_done(&reading->diags);
}

static void print_findings(const struct rb_diags *diags)
{
    for (int i = 0; i < diags->count; i++) {
        const struct rb_diag *diag = &diags->items[i];
        print_message("%d:%d RB%04d %s (%s)\n", diag->span.line, diag->span.column,
                      diag->code, diag->message, diag->help ? diag->help : "");
    }
}

static void compare_findings(const char *text, const char *expected, int lines, int columns)
{
    struct reading reading = read_text(text, NULL);
    RB_AUTO_BUF struct rb_buf found = {0};
    for (int i = 0; i < reading.diags.count; i++) {
        const struct rb_diag *diag = &reading.diags.items[i];
        rb_buf_printf(&found, "%s%d@%d:%d", i ? " " : "", diag->code,
                      diag->span.line - lines, diag->span.column - columns);
    }
    if (strcmp(rb_buf_text(&found), expected) != 0)
        print_findings(&reading.diags);
    assert_string_equal(rb_buf_text(&found), expected);
    end_reading(&reading);
}

void expect_findings(const char *text, const char *expected)
{
    compare_findings(text, expected, 0, 0);
}

static void put_step(const char *text, struct rb_buf *out)
{
    rb_buf_puts(out, HEAD);
    rb_buf_puts(out, text);
    rb_buf_puts(out, "\n");
}

void expect_step_findings(const char *text, const char *expected)
{
    RB_AUTO_BUF struct rb_buf whole = {0};
    put_step(text, &whole);
    compare_findings(rb_buf_text(&whole), expected, HEAD_LINES, HEAD_COLUMNS);
}

static const struct rb_value *member(const struct rb_value *value, const char *path)
{
    while (*path && value) {
        size_t length = strcspn(path, ".");
        bool number = path[0] >= '0' && path[0] <= '9';
        value = number ? rb_value_at(value, (size_t)strtoul(path, NULL, 10))
                       : rb_value_getn(value, path, length);
        path += length + (path[length] == '.');
    }
    return value;
}

void expect_plan(const char *text, const char *environment, const char *path,
                 const char *expected)
{
    struct reading reading = read_text(text, environment);
    print_findings(&reading.diags);
    assert_int_equal(reading.diags.count, 0);
    rb_plan_seal(reading.document->plan);
    const struct rb_buf *canonical = &reading.document->plan->canonical;
    RB_AUTO_VALUE const struct rb_value *plan = NULL;
    assert_true(rb_json_decode(canonical->data, canonical->length, &plan, NULL));
    const struct rb_value *value = member(plan, path);
    RB_AUTO_BUF struct rb_buf json = {0};
    if (value)
        rb_json_encode(value, &json);
    assert_string_equal(value ? rb_buf_text(&json) : "none", expected);
    end_reading(&reading);
}

void expect_step(const char *text, const char *path, const char *expected)
{
    RB_AUTO_BUF struct rb_buf whole = {0}, full = {0};
    put_step(text, &whole);
    rb_buf_printf(&full, "steps.0%s%s", *path ? "." : "", path);
    expect_plan(rb_buf_text(&whole), NULL, rb_buf_text(&full), expected);
}

void expect_help(const char *text, const char *expected)
{
    struct reading reading = read_text(text, NULL);
    bool found = false;
    for (int i = 0; i < reading.diags.count; i++) {
        const char *help = reading.diags.items[i].help;
        found = found || (help && strstr(help, expected));
    }
    if (!found)
        print_findings(&reading.diags);
    assert_true(found);
    end_reading(&reading);
}

void expect_step_help(const char *text, const char *expected)
{
    RB_AUTO_BUF struct rb_buf whole = {0};
    put_step(text, &whole);
    expect_help(rb_buf_text(&whole), expected);
}

struct rb_document *read_good(const char *text)
{
    struct reading reading = read_text(text, NULL);
    print_findings(&reading.diags);
    assert_int_equal(reading.diags.count, 0);
    rb_diags_done(&reading.diags);
    return reading.document;
}
