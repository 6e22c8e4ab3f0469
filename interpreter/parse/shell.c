#include "parse/shell.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "parse/shell_lex.h"

/* An expression that has a number already; the key is its text. */
struct known {
    int number;
    UT_hash_handle hh;
};

struct writer {
    struct rb_arena *arena;
    const struct rb_yaml_node *scalar;
    struct rb_shell_value *values;
    int count, capacity;
    struct known *known;
    struct rb_buf text;
};

/* The number of the variable for an expression, from 1. */
static int number_of(struct writer *writer, const struct rb_braces *braces)
{
    struct known *known = NULL;
    const char *expr = writer->scalar->text + braces->expr;
    HASH_FIND(hh, writer->known, expr, braces->expr_length, known);
    if (!known) {
        RB_GROW(writer->values, writer->count, writer->capacity);
        writer->values[writer->count++] = (struct rb_shell_value){
            .expr = rb_arena_strndup(writer->arena, expr, braces->expr_length),
            .offset = braces->expr,
            .span = rb_yaml_span_in(writer->scalar, braces->expr, braces->expr_length)};
        known = rb_alloc(sizeof *known);
        known->number = writer->count;
        HASH_ADD_KEYPTR(hh, writer->known, expr, braces->expr_length, known);
    }
    return known->number;
}

static void reference(struct writer *writer, const struct rb_shell_place *place)
{
    if (place->quoting == RB_SHELL_ESCAPE)
        return;
    int number = number_of(writer, &place->braces);
    switch (place->quoting) {
    case RB_SHELL_PLAIN:
        rb_buf_printf(&writer->text, "\"$RB_%d\"", number);
        break;
    case RB_SHELL_SINGLE:
        rb_buf_printf(&writer->text, "'\"$RB_%d\"'", number);
        break;
    case RB_SHELL_ANSI:
        rb_buf_printf(&writer->text, "'\"$RB_%d\"$'", number);
        break;
    default:
        rb_buf_printf(&writer->text, "${RB_%d}", number);
    }
}

static void write_script(struct writer *writer, const struct rb_shell_lex *lex)
{
    size_t at = 0;
    for (int i = 0; i < lex->place_count; i++) {
        const struct rb_shell_place *place = &lex->places[i];
        rb_buf_append(&writer->text, writer->scalar->text + at, place->braces.begin - at);
        reference(writer, place);
        at = place->braces.end;
    }
    rb_buf_append(&writer->text, writer->scalar->text + at, writer->scalar->length - at);
}

static void finish(struct writer *writer, struct rb_shell_script *ret_script)
{
    struct known *known = writer->known, *next;
    HASH_CLEAR(hh, writer->known);
    for (; known; known = next) {
        next = known->hh.next;
        free(known);
    }
    size_t size = (size_t)writer->count * sizeof *writer->values;
    ret_script->text =
        rb_arena_strndup(writer->arena, rb_buf_text(&writer->text), writer->text.length);
    ret_script->values = rb_arena_alloc(writer->arena, size);
    ret_script->count = writer->count;
    if (size > 0)
        memcpy(ret_script->values, writer->values, size);
    rb_buf_done(&writer->text);
    free(writer->values);
}

/* Whether a value can be written as a reference where it stands. */
static bool can_stand(const struct rb_yaml_node *scalar, const struct rb_shell_place *place,
                      struct rb_diags *diags)
{
    size_t length = place->braces.end - place->braces.begin;
    if (place->quoting == RB_SHELL_ESCAPE)
        return true;
    if (place->braces.expr_length == 0) {
        struct rb_span span = rb_yaml_span_in(scalar, place->braces.begin, length);
        rb_diag_help(rb_diag_add(diags, 302, span, "no expression between the braces"),
                     "write a Lua expression, or take the braces out");
        return false;
    }
    if (place->quoting < RB_SHELL_QUOTED_HEREDOC)
        return true;
    struct rb_span span = rb_yaml_span_in(scalar, place->braces.begin, length);
    if (place->quoting == RB_SHELL_QUOTED_HEREDOC)
        rb_diag_help(
            rb_diag_add(diags, 304, span,
                        "a here-document with a quoted delimiter keeps this as text"),
            "take the quotes off the delimiter, and put a backslash before each `$` "
            "that is meant as text");
    else
        rb_diag_help(rb_diag_add(diags, 305, span, "a value can't stand here"),
                     "put it into a variable of the script first: name=${{ ... }}");
    return false;
}

/* What the lexer could not get past, and what it found never closed. */
static bool readable(const struct rb_yaml_node *scalar, const struct rb_shell_lex *lex,
                     struct rb_diags *diags)
{
    if (lex->unclosed_braces != SIZE_MAX) {
        size_t at = lex->unclosed_braces;
        bool closed = memmem(scalar->text + at, scalar->length - at, "}}", 2);
        rb_braces_unclosed(diags, rb_yaml_span_in(scalar, at, 3), closed);
        return false;
    }
    if (lex->too_deep != SIZE_MAX) {
        struct rb_span span = rb_yaml_span_in(scalar, lex->too_deep, 1);
        rb_diag_help(
            rb_diag_add(diags, 307, span, "nested too deeply to tell how it is quoted"),
            "split the script: keep a part of it in a variable");
        return false;
    }
    if (lex->unclosed != SIZE_MAX) {
        struct rb_span span = rb_yaml_span_in(scalar, lex->unclosed, 1);
        rb_diag_help(rb_diag_add(diags, 306, span, "opened here and never closed"),
                     "close it, or put a backslash before it if it is meant as text");
    }
    return true;
}

bool rb_shell_interpolate(struct rb_arena *arena, struct rb_arena *scratch,
                          const struct rb_yaml_node *scalar, struct rb_diags *diags,
                          struct rb_shell_script *ret_script)
{
    struct rb_shell_lex lex;
    rb_arena_clear(scratch);
    rb_shell_lex(scratch, scalar->text, scalar->length, &lex);
    bool good = readable(scalar, &lex, diags);
    for (int i = 0; i < lex.place_count; i++)
        good &= can_stand(scalar, &lex.places[i], diags);
    if (good) {
        struct writer writer = {.arena = arena, .scalar = scalar};
        write_script(&writer, &lex);
        finish(&writer, ret_script);
    }
    return good;
}
