#include "parse/yaml_problem.h"

#include <string.h>

#include "base/mem.h"

struct rb_span rb_yaml_point(const struct rb_source *source, yaml_mark_t mark)
{
    int line = (int)mark.line + 1, column = (int)mark.column + 1;
    return (struct rb_span){source, line, column, line, column + 1};
}

void rb_yaml_tab(struct rb_span span, struct rb_diags *diags)
{
    rb_diag_help(rb_diag_add(diags, 106, span, "a tab outside of a value"),
                 "use spaces: how wide a tab is, every editor decides for itself");
}

/* What the usual causes of libyaml's messages are. */
static const char *cause_of(const char *problem, const char *context)
{
    static const struct {
        const char *problem, *context, *help;
    } causes[] = {
        {"mapping values are not allowed", "", "put the value in quotes: it contains `: `"},
        {"cannot start any token", "",
         "put the value in quotes: YAML keeps its first character for itself"},
        {"unexpected end of stream", "quoted scalar", "a quote is opened and never closed"},
        {"could not find expected ':'", "",
         "a key needs `: ` after it; text that begins here may need quotes"},
        {"did not find expected key", "block mapping",
         "keys of one block begin in the same column"},
        {"did not find expected '-'", "",
         "items of one list begin in the same column, each with `- `"},
        {"did not find expected ',' or ']'", "", "a `[` is opened and never closed"},
        {"did not find expected ',' or '}'", "", "a `{` is opened and never closed"},
        {"block sequence entries", "", "begin the list on a line of its own"},
        {"unknown escape", "",
         "double quotes need `\\\\` for a backslash; single quotes take it as it is"},
        {"directive", "", "take the line that begins with `%` out"},
        {"", "directive", "take the line that begins with `%` out"},
        {"expected <document start>", "", "one file holds one runbook: take the rest out"},
    };
    for (size_t i = 0; i < RB_COUNT(causes); i++) {
        if (strstr(problem, causes[i].problem) && strstr(context, causes[i].context))
            return causes[i].help;
    }
    return NULL;
}

static int code_of(const char *problem, const char *context)
{
    if (strstr(context, "directive") || strstr(problem, "directive"))
        return 112;
    return strstr(problem, "expected <document start>") ? 111 : 101;
}

static bool is_tab(const struct rb_source *source, struct rb_span span)
{
    size_t at = rb_source_offset(source, span.line, span.column);
    return at < source->length && source->text[at] == '\t';
}

void rb_yaml_problem(const yaml_parser_t *parser, const struct rb_source *source,
                     struct rb_diags *diags)
{
    if (parser->error == YAML_MEMORY_ERROR)
        rb_out_of_memory();
    const char *problem = parser->problem ? parser->problem : "not YAML";
    const char *context = parser->context ? parser->context : "";
    struct rb_span span = rb_yaml_point(source, parser->problem_mark);
    if (is_tab(source, span)) {
        rb_yaml_tab(span, diags);
        return;
    }
    struct rb_diag *diag = rb_diag_add(diags, code_of(problem, context), span, "%s%s%s",
                                       context, *context ? ", " : "", problem);
    const char *help = cause_of(problem, context);
    if (help)
        rb_diag_help(diag, "%s", help);
    bool elsewhere = parser->context_mark.index != parser->problem_mark.index;
    if (*context && elsewhere)
        rb_diag_also(diag, rb_yaml_point(source, parser->context_mark), "it began here");
}
