#define PCRE2_CODE_UNIT_WIDTH 8
#include "lua/pattern.h"

#include <pcre2.h>

#include "base/mem.h"

/* A step of a match costs the more the larger its pattern is: (a+)+$ takes about 11 ns a step,
 * 1600 nested groups 5 us. So the product of both is what is limited, and every pattern comes
 * to its end within some 50 ms for each place where a match may begin. */
enum {
    PATTERN_MAX = 8192,
    WORK_MAX = 60 * 1000 * 1000,
    STEPS_LEAST = 5 * 1000,
    STEPS_MOST = 1000 * 1000,
    DEPTH_MAX = 1000 * 1000,
    HEAP_MAX_KIB = 64 * 1024
};

static void free_compile_context(pcre2_compile_context **context)
{
    pcre2_compile_context_free(*context);
}

static void free_match_context(pcre2_match_context **context)
{
    pcre2_match_context_free(*context);
}

static void free_match_data(pcre2_match_data **data)
{
    pcre2_match_data_free(*data);
}

static void free_code(pcre2_code **code)
{
    pcre2_code_free(*code);
}

static bool fail(struct rb_error *err, const char *what, int code)
{
    char text[200];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    return rb_fail(err, RB_ERR_INVALID, "%s: %s", what, text);
}

static bool compile(const char *pattern, size_t length, pcre2_code **ret_code,
                    struct rb_error *err)
{
    RB_CLEANUP(free_compile_context)
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_max_pattern_length(context, PATTERN_MAX);
    int code;
    size_t at;
    pcre2_code *compiled = pcre2_compile(
        (PCRE2_SPTR)pattern, length,
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
    if (!compiled)
        return fail(err, "the pattern", code);
    *ret_code = compiled;
    return true;
}

static uint32_t steps_for(const pcre2_code *code)
{
    size_t size = 0;
    pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
    size_t steps = WORK_MAX / (size + 1);
    if (steps < STEPS_LEAST)
        return STEPS_LEAST;
    return (uint32_t)(steps < STEPS_MOST ? steps : STEPS_MOST);
}

/* Without a call to pcre2_jit_compile it is the interpreter that matches, on every machine. */
bool rb_pattern_find(const char *pattern, size_t pattern_length, const char *text,
                     size_t length, bool *ret_found, struct rb_error *err)
{
    RB_CLEANUP(free_code) pcre2_code *code = NULL;
    if (!compile(pattern, pattern_length, &code, err))
        return false;
    RB_CLEANUP(free_match_context)
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    RB_CLEANUP(free_match_data)
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_set_match_limit(context, steps_for(code));
    pcre2_set_depth_limit(context, DEPTH_MAX);
    pcre2_set_heap_limit(context, HEAP_MAX_KIB);
    int status = pcre2_match(code, (PCRE2_SPTR)text, length, 0, 0, data, context);
    if (status < 0 && status != PCRE2_ERROR_NOMATCH)
        return fail(err, "matching the pattern", status);
    *ret_found = status >= 0;
    return true;
}
