#include "parse/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "base/text.h"

static const char *const kind_names[] = {"a text", "a list", "a map", ""};

static bool is_quoted(const struct rb_yaml_node *node)
{
    return node->style != RB_SCALAR_PLAIN;
}

static bool is_empty(const struct rb_yaml_node *node)
{
    return node->kind == RB_NODE_SCALAR && node->length == 0 && !is_quoted(node);
}

bool rb_scalar_kind(const struct rb_yaml_node *node, enum rb_node_kind kind,
                    const char *what, struct rb_diags *diags)
{
    if (node->kind == kind)
        return true;
    if (node->kind != RB_NODE_BROKEN)
        rb_diag_add(diags, 203, node->span, "%s has to be %s, not %s", what,
                    kind_names[kind], is_empty(node) ? "empty" : kind_names[node->kind]);
    return false;
}

bool rb_scalar_field(const struct rb_yaml_node *node, enum rb_node_kind kind,
                     const char *name, struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf what = {0};
    if (node->kind == kind)
        return true;
    rb_buf_printf(&what, "`%s`", name);
    return rb_scalar_kind(node, kind, rb_buf_text(&what), diags);
}

bool rb_scalar_text(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, const char **ret_text)
{
    if (!rb_scalar_field(node, RB_NODE_SCALAR, what, diags))
        return false;
    if (is_empty(node)) {
        rb_diag_help(rb_diag_add(diags, 203, node->span, "`%s` is empty", what),
                     "write its text, or take the key out");
        return false;
    }
    if (strstr(node->text, "${{")) {
        rb_diag_help(rb_diag_add(diags, 214, node->span, "`%s` can't hold a value", what),
                     "write it out: it has to be known before the run");
        return false;
    }
    *ret_text = node->text;
    return true;
}

static bool plain(const struct rb_yaml_node *node, const char *what, struct rb_diags *diags)
{
    const char *text;
    return rb_scalar_text(node, what, diags, &text);
}

static bool in(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcasecmp(word, *words) == 0)
            return true;
    }
    return false;
}

static const char *const yes_words[] = {"true", "yes", "on", "y", "1", NULL};
static const char *const no_words[] = {"false", "no", "off", "n", "0", NULL};

bool rb_scalar_bool(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, bool *ret_flag)
{
    if (!plain(node, what, diags))
        return false;
    bool yes = strcmp(node->text, "true") == 0;
    if ((yes || strcmp(node->text, "false") == 0) && !is_quoted(node)) {
        *ret_flag = yes;
        return true;
    }
    struct rb_diag *diag = rb_diag_add(
        diags, 204, node->span, "`%s` has to be true or false, not `%s`", what, node->text);
    if (in(node->text, yes_words))
        rb_diag_help(diag, "write true, without quotes");
    else if (in(node->text, no_words))
        rb_diag_help(diag, "write false, without quotes");
    return false;
}

/* Decimal digits without a leading zero, with a minus sign or none. */
static bool is_decimal(const char *text)
{
    text += *text == '-';
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0' && (text[0] != '0' || digits == 1);
}

bool rb_scalar_parse_int(const char *text, int64_t *ret_number)
{
    if (!is_decimal(text) || strcmp(text, "-0") == 0)
        return false;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno)
        return false;
    *ret_number = number;
    return true;
}

/* A whole number that 64 bits don't hold. */
static bool is_too_large(const char *text)
{
    int64_t number;
    return is_decimal(text) && strcmp(text, "-0") != 0 &&
           !rb_scalar_parse_int(text, &number);
}

/* A decimal fraction or a whole number; no exponent, so that 1e3 stays the text it may be. */
bool rb_scalar_parse_number(const char *text, double *ret_number)
{
    const char *at = text + (*text == '-');
    size_t whole = strspn(at, "0123456789");
    if (whole == 0 || (at[0] == '0' && whole > 1))
        return false;
    at += whole;
    if (*at == '.') {
        size_t part = strspn(at + 1, "0123456789");
        if (part == 0)
            return false;
        at += 1 + part;
    }
    if (*at || at - text > 300)
        return false;
    *ret_number = strtod(text, NULL);
    return isfinite(*ret_number);
}

bool rb_scalar_int(const struct rb_yaml_node *node, const char *what, int64_t min,
                   int64_t max, struct rb_diags *diags, int64_t *ret_number)
{
    if (!plain(node, what, diags))
        return false;
    int64_t number;
    if (!is_quoted(node) && is_too_large(node->text)) {
        rb_diag_add(diags, 217, node->span,
                    "`%s` is %s, too large for a number; it has to be %lld to %lld", what,
                    node->text, (long long)min, (long long)max);
        return false;
    }
    if (!rb_scalar_parse_int(node->text, &number) || is_quoted(node)) {
        rb_diag_help(
            rb_diag_add(diags, 205, node->span, "`%s` has to be a whole number, not `%s`",
                        what, node->text),
            "write decimal digits without quotes, sign `+`, leading zero or exponent");
        return false;
    }
    if (number < min || number > max) {
        rb_diag_add(diags, 217, node->span, "`%s` is %lld; it has to be %lld to %lld", what,
                    (long long)number, (long long)min, (long long)max);
        return false;
    }
    *ret_number = number;
    return true;
}

bool rb_scalar_number(const struct rb_yaml_node *node, const char *what,
                      struct rb_diags *diags, double *ret_number)
{
    if (!plain(node, what, diags))
        return false;
    if (rb_scalar_parse_number(node->text, ret_number) && !is_quoted(node))
        return true;
    rb_diag_help(rb_diag_add(diags, 205, node->span, "`%s` has to be a number, not `%s`",
                             what, node->text),
                 "write it like 3 or 0.25, without quotes");
    return false;
}

bool rb_scalar_duration(const struct rb_yaml_node *node, const char *what,
                        struct rb_diags *diags, rb_time *ret_span)
{
    if (!plain(node, what, diags))
        return false;
    struct rb_error err = {0};
    if (rb_duration_parse(node->text, ret_span, &err))
        return true;
    int64_t number;
    struct rb_diag *diag =
        rb_diag_add(diags, 206, node->span, "`%s`: %s", what, err.message);
    if (rb_scalar_parse_int(node->text, &number))
        rb_diag_help(diag, "say the unit: %ss, %sm or %sh", node->text, node->text,
                     node->text);
    else
        rb_diag_help(diag, "write it like 500ms, 90s, 1h30m or 2d");
    return false;
}

bool rb_scalar_span(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, rb_time *ret_span)
{
    rb_time span;
    if (!rb_scalar_duration(node, what, diags, &span))
        return false;
    if (span == 0) {
        rb_diag_add(diags, 217, node->span, "`%s` is 0: it has to be longer", what);
        return false;
    }
    *ret_span = span;
    return true;
}

bool rb_scalar_word(const struct rb_yaml_node *node, const char *what,
                    const char *const *words, struct rb_diags *diags, int *ret_index)
{
    if (!plain(node, what, diags))
        return false;
    RB_AUTO_BUF struct rb_buf list = {0};
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) == 0) {
            *ret_index = i;
            return true;
        }
        rb_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    }
    const char *near = rb_text_nearest(node->text, words);
    struct rb_diag *diag =
        rb_diag_add(diags, 207, node->span, "`%s` can't be `%s`", what, node->text);
    if (near)
        rb_diag_help(diag, "did you mean `%s`? It is one of: %s", near, rb_buf_text(&list));
    else
        rb_diag_help(diag, "it is one of: %s", rb_buf_text(&list));
    return false;
}

static bool is_keyword(const char *text)
{
    static const char *const keywords[] = {
        "and",      "break",  "do",   "else", "elseif", "end",   "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",   "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while", NULL};
    const char *const *word = keywords;
    while (*word && strcmp(*word, text) != 0)
        word++;
    return *word != NULL;
}

bool rb_scalar_name(const struct rb_yaml_node *node, enum rb_name_kind kind,
                    const char *what, struct rb_diags *diags)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    static const char word[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    if (node->kind == RB_NODE_BROKEN)
        return false;
    const char *text = node->text, *set = kind == RB_NAME_ID ? lower : word;
    bool first =
        kind == RB_NAME_ID ? strchr("_-", *text) == NULL : !(*text >= '0' && *text <= '9');
    bool good = *text && first && strspn(text, set) == node->length && node->length <= 64;
    bool keyword = kind == RB_NAME_LUA && is_keyword(text);
    if (good && !keyword)
        return true;
    struct rb_diag *diag =
        rb_diag_add(diags, 209, node->span, "`%.80s` can't be the name of %s", text, what);
    if (keyword)
        rb_diag_help(diag, "it is a word of Lua: choose another");
    else if (kind == RB_NAME_ID)
        rb_diag_help(diag, "use lower-case letters, digits, `-` and `_`, a letter or digit "
                           "first, at most 64");
    else
        rb_diag_help(diag, "use letters, digits and `_`, no digit first, at most 64");
    return false;
}

/* Something a YAML reader or a person could take for a number. */
static bool resembles_number(const char *text)
{
    static const char digit[] = "0123456789_";
    text += *text == '-' || *text == '+';
    if (strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0)
        return true;
    if (text[0] == '0' && text[1] && strchr("xXoObB", text[1]))
        return text[2] && text[2 + strspn(text + 2, "0123456789abcdefABCDEF_")] == '\0';
    const char *at = text + strspn(text, digit);
    size_t digits = (size_t)(at - text);
    if (*at == '.') {
        size_t part = strspn(at + 1, digit);
        digits += part;
        at += 1 + part;
    }
    if (digits == 0 || *text == '_')
        return false;
    if (*at == 'e' || *at == 'E') {
        const char *power = at + 1 + (at[1] == '-' || at[1] == '+');
        size_t count = strspn(power, digit);
        at = count ? power + count : at;
    }
    return *at == '\0';
}

bool rb_scalar_parse_fraction(const char *text, double *ret_number)
{
    char again[320];
    if (!rb_scalar_parse_number(text, ret_number))
        return false;
    size_t length = strlen(text);
    return text[length - 1] != '0' &&
           snprintf(again, sizeof again, "%.15g", *ret_number) > 0 &&
           strcmp(again, text) == 0;
}

static bool doubtful(const char *text)
{
    static const char *const words[] = {"yes",   "no",   "on", "off", "true",
                                        "false", "null", "~",  NULL};
    return in(text, words) || resembles_number(text);
}

bool rb_scalar_free(const struct rb_yaml_node *node, struct rb_diags *diags,
                    const struct rb_value **ret_value)
{
    const char *text = node->text;
    int64_t number;
    double fraction;
    if (node->kind == RB_NODE_BROKEN)
        return false;
    if (is_empty(node)) {
        rb_diag_help(rb_diag_add(diags, 203, node->span, "there is no value here"),
                     "write '' for an empty text, or null");
        return false;
    }
    if (is_quoted(node))
        *ret_value = rb_value_string(text, node->length);
    else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        *ret_value = rb_value_bool(*text == 't');
    else if (strcmp(text, "null") == 0)
        *ret_value = rb_value_null();
    else if (rb_scalar_parse_int(text, &number))
        *ret_value = rb_value_int(number);
    else if (rb_scalar_parse_fraction(text, &fraction))
        *ret_value = rb_value_number(fraction);
    else if (!doubtful(text))
        *ret_value = rb_value_string(text, node->length);
    else if (is_too_large(text)) {
        rb_diag_help(rb_diag_add(diags, 208, node->span,
                                 "`%s` is too large for a number, which has 64 bits", text),
                     "write '%s' for the text", text);
        return false;
    } else {
        rb_diag_help(rb_diag_add(diags, 208, node->span,
                                 "`%s` can be a text or something else", text),
                     "write '%s' for the text; else true, false, null or a decimal number",
                     text);
        return false;
    }
    return true;
}
