#include "parse/requires.h"

#include "parse/fields.h"
#include "parse/scalar.h"

/* Digits and dots; missing parts count as 0. */
static bool read_version(const char **text, long ret_parts[3])
{
    for (int i = 0; i < 3; i++) {
        char *end;
        ret_parts[i] = 0;
        if (i > 0 && **text != '.')
            continue;
        *text += i > 0;
        if (**text < '0' || **text > '9')
            return false;
        ret_parts[i] = strtol(*text, &end, 10);
        *text = end;
    }
    return true;
}

static int compare(const long a[3], const long b[3])
{
    for (int i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

enum verdict { FITS, DIFFERS, MALFORMED };

/* `>=0.1`, or several that all have to hold: `>=0.1, <2`. */
static enum verdict judge(const char *constraint, const char *version)
{
    static const struct {
        const char *sign;
        bool less, equal, more;
    } signs[] = {{">=", false, true, true},
                 {"<=", true, true, false},
                 {">", false, false, true},
                 {"<", true, false, false},
                 {"=", false, true, false}};
    long have[3], want[3];
    enum verdict verdict = FITS;
    if (!read_version(&version, have))
        return MALFORMED;
    for (const char *at = constraint;; at++) {
        at += strspn(at, " ");
        size_t i = 0;
        while (i < RB_COUNT(signs) &&
               strncmp(at, signs[i].sign, strlen(signs[i].sign)) != 0)
            i++;
        if (i == RB_COUNT(signs))
            return MALFORMED;
        at += strlen(signs[i].sign);
        at += strspn(at, " ");
        if (!read_version(&at, want))
            return MALFORMED;
        int order = compare(have, want);
        if (!(order < 0 ? signs[i].less : order > 0 ? signs[i].more : signs[i].equal))
            verdict = DIFFERS;
        at += strspn(at, " ");
        if (*at == '\0')
            return verdict;
        if (*at != ',')
            return MALFORMED;
    }
}

static void version(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_plan *plan = into;
    const char *text;
    if (!rb_scalar_text(value, "requires.runbook", c->diags, &text))
        return;
    switch (judge(text, RB_VERSION)) {
    case FITS:
        if (c->book_number == 0)
            plan->requires_runbook = rb_arena_strdup(c->arena, text);
        break;
    case DIFFERS:
        rb_diag_help(rb_diag_add(c->diags, 221, value->span,
                                 "this runbook needs runbook %s; this is %s", text,
                                 RB_VERSION),
                     "use a version that fits");
        break;
    case MALFORMED:
        rb_diag_help(
            rb_diag_add(c->diags, 221, value->span, "`%s` names no versions", text),
            "write it like \">=0.1\" or \">=0.1, <2\"");
        break;
    }
}

static void tools(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_plan *plan = into;
    plan->tools =
        rb_fields_add(c, plan->tools, rb_fields_texts(c, value, "requires.tools", false));
}

static void files(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_plan *plan = into;
    plan->files =
        rb_fields_add(c, plan->files, rb_fields_texts(c, value, "requires.files", false));
}

static void variables(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_plan *plan = into;
    plan->variables = rb_fields_add(c, plan->variables,
                                    rb_fields_texts(c, value, "requires.variables", false));
}

void rb_requires_begin(struct rb_compiler *c)
{
    static const char *const none[] = {NULL};
    c->plan->tools = c->plan->files = c->plan->variables = none;
}

void rb_requires_read(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    static const struct rb_field fields[] = {{"runbook", version},
                                             {"tools", tools},
                                             {"files", files},
                                             {"variables", variables},
                                             {0}};
    if (node)
        rb_fields_read(c, node, "`requires`", fields, c->plan);
}
