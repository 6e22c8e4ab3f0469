#include "base/diag.h"

#include <assert.h>
#include <stdarg.h>

#include "base/buf.h"
#include "base/diag_codes.h"
#include "base/mem.h"
#include "base/text.h"

static const struct rb_diag_info table[] = {
#define X(code, severity, title, explanation) {code, severity, title, explanation},
    RB_DIAG_CODES(X)
#undef X
};

const struct rb_diag_info *rb_diag_table(int *ret_count)
{
    *ret_count = (int)RB_COUNT(table);
    return table;
}

const struct rb_diag_info *rb_diag_info(int code)
{
    for (size_t i = 0; i < RB_COUNT(table); i++) {
        if (table[i].code == code)
            return &table[i];
    }
    return NULL;
}

static void release(struct rb_diag *diag)
{
    free(diag->message);
    free(diag->help);
    free(diag->also_label);
}

void rb_diags_done(struct rb_diags *diags)
{
    for (int i = 0; i < diags->count; i++)
        release(&diags->items[i]);
    free(diags->items);
    *diags = (struct rb_diags){0};
}

bool rb_diags_full(const struct rb_diags *diags)
{
    return diags->count >= RB_DIAGS_MOST;
}

static char *format_visible(const char *format, va_list args)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_vprintf(&text, format, args);
    struct rb_buf shown = {0};
    rb_text_visible(rb_buf_text(&text), text.length, false, &shown);
    return rb_buf_take(&shown);
}

struct rb_diag *rb_diag_add(struct rb_diags *diags, int code, struct rb_span span,
                            const char *format, ...)
{
    const struct rb_diag_info *info = rb_diag_info(code);
    assert(info);
    if (rb_diags_full(diags))
        release(&diags->items[--diags->count]);
    RB_GROW(diags->items, diags->count, diags->capacity);
    struct rb_diag *diag = &diags->items[diags->count++];
    *diag = (struct rb_diag){.code = code, .severity = info->severity, .span = span};
    va_list args;
    va_start(args, format);
    diag->message = format_visible(format, args);
    va_end(args);
    diags->errors += diag->severity == RB_DIAG_ERROR;
    return diag;
}

void rb_diag_help(struct rb_diag *diag, const char *format, ...)
{
    free(diag->help);
    va_list args;
    va_start(args, format);
    diag->help = format_visible(format, args);
    va_end(args);
}

void rb_diag_also(struct rb_diag *diag, struct rb_span span, const char *label)
{
    struct rb_buf shown = {0};
    rb_text_visible(label, strlen(label), false, &shown);
    free(diag->also_label);
    diag->also = span;
    diag->also_label = rb_buf_take(&shown);
}

static const char *path_of(const struct rb_span *span)
{
    return span->source ? span->source->path : "";
}

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

static int compare_spans(const struct rb_span *a, const struct rb_span *b)
{
    int order = strcmp(path_of(a), path_of(b));
    order = order ? order : compare_ints(a->line, b->line);
    order = order ? order : compare_ints(a->column, b->column);
    order = order ? order : compare_ints(a->end_line, b->end_line);
    return order ? order : compare_ints(a->end_column, b->end_column);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* Total, so that the order depends on nothing but what is reported. */
static int compare(const void *left, const void *right)
{
    const struct rb_diag *a = left, *b = right;
    int order = strcmp(path_of(&a->span), path_of(&b->span));
    order = order ? order : compare_ints(a->span.line, b->span.line);
    order = order ? order : compare_ints(a->span.column, b->span.column);
    order = order ? order : compare_ints(a->code, b->code);
    order = order ? order : compare_spans(&a->span, &b->span);
    order = order ? order : compare_texts(a->message, b->message);
    order = order ? order : compare_texts(a->help, b->help);
    order = order ? order : compare_spans(&a->also, &b->also);
    return order ? order : compare_texts(a->also_label, b->also_label);
}

void rb_diags_sort(struct rb_diags *diags)
{
    if (diags->count == 0)
        return;
    qsort(diags->items, (size_t)diags->count, sizeof *diags->items, compare);
    int kept = 1;
    for (int i = 1; i < diags->count; i++) {
        struct rb_diag *diag = &diags->items[i];
        if (compare(&diags->items[kept - 1], diag) == 0) {
            diags->errors -= diag->severity == RB_DIAG_ERROR;
            release(diag);
        } else {
            diags->items[kept++] = *diag;
        }
    }
    diags->count = kept;
}
