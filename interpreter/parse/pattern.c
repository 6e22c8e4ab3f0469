#define PCRE2_CODE_UNIT_WIDTH 8
#include "parse/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MATCH_LIMIT = 100000,
    DEPTH_LIMIT = 10000,
    HEAP_LIMIT_KB = 16 << 10,
    LONGEST = 4096
};

/* No pattern may look at single bytes of UTF-8, or lift the limits by a verb at its start. */
static const unsigned OPTIONS = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

static pcre2_code *compile(const char *pattern, size_t length, unsigned more,
                           int *ret_error, size_t *ret_offset)
{
    return pcre2_compile((PCRE2_SPTR)pattern, length, OPTIONS | more, ret_error, ret_offset,
                         NULL);
}

static void free_code(pcre2_code **code)
{
    pcre2_code_free(*code);
}

static void free_data(pcre2_match_data **data)
{
    pcre2_match_data_free(*data);
}

static void free_context(pcre2_match_context **context)
{
    pcre2_match_context_free(*context);
}

bool rb_pattern_check(const struct rb_yaml_node *scalar, size_t offset, size_t length,
                      struct rb_diags *diags)
{
    int error;
    size_t at;
    if (length > LONGEST) {
        rb_diag_add(diags, 215, rb_yaml_span_in(scalar, offset, 1),
                    "the pattern has more than %d characters", LONGEST);
        return false;
    }
    pcre2_code *code = compile(scalar->text + offset, length, 0, &error, &at);
    if (code) {
        pcre2_code_free(code);
        return true;
    }
    unsigned char message[256] = "";
    pcre2_get_error_message(error, message, sizeof message);
    size_t place = at < length ? at : length ? length - 1 : 0;
    rb_diag_help(rb_diag_add(diags, 215, rb_yaml_span_in(scalar, offset + place, 1),
                             "the pattern does not compile: %s", (const char *)message),
                 "patterns are Perl's (PCRE2); in YAML single quotes keep every backslash");
    return false;
}

/* The status of pcre2_match with limits, and what it matched. */
static int match(const char *pattern, unsigned anchors, const char *text, size_t length,
                 unsigned how, size_t ret_span[2])
{
    int error;
    size_t at;
    RB_CLEANUP(free_code)
    pcre2_code *code = compile(pattern, strlen(pattern), anchors, &error, &at);
    RB_CLEANUP(free_data) pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    RB_CLEANUP(free_context) pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!code || !data || !limits)
        return PCRE2_ERROR_INTERNAL;
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KB);
    int status = pcre2_match(code, (PCRE2_SPTR)text, length, 0, how, data, limits);
    memcpy(ret_span, pcre2_get_ovector_pointer(data), 2 * sizeof *ret_span);
    return status;
}

enum rb_pattern_verdict rb_pattern_whole(const char *pattern, const char *text,
                                         size_t length)
{
    size_t span[2];
    int status = match(pattern, PCRE2_ANCHORED | PCRE2_ENDANCHORED, text, length, 0, span);
    if (status == PCRE2_ERROR_NOMATCH)
        return RB_PATTERN_DIFFERS;
    if (status < 0)
        return RB_PATTERN_GAVE_UP;
    /* \K can move the reported start. */
    return span[0] == 0 && span[1] == length ? RB_PATTERN_MATCHES : RB_PATTERN_DIFFERS;
}

/* A partial match says that a longer text that begins so could match. */
bool rb_pattern_excludes_first(const char *pattern, char first)
{
    size_t span[2];
    return match(pattern, PCRE2_ANCHORED, &first, 1, PCRE2_PARTIAL_HARD, span) ==
           PCRE2_ERROR_NOMATCH;
}
