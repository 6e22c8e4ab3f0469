#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/pattern.h"

#include <pcre2.h>
#include <stdint.h>

/* A step of a match costs the more the larger its pattern is: (a+)+$ takes about 11 ns a step,
 * 1600 nested groups 5 us. So the product of both is what is limited, and every pattern comes
 * to its end within some 50 ms for each place where a match may begin. */
enum {
    WORK_MAX = 60 * 1000 * 1000,
    STEPS_LEAST = 5 * 1000,
    STEPS_MOST = 1000 * 1000,
    DEPTH_MAX = 1000 * 1000,
    HEAP_MAX_KIB = 64 * 1024,
    ROOM = 1024 /* that replacements are first thought to add */
};

struct rb_pattern {
    pcre2_general_context *memory;
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *data;
    enum rb_pattern_place place;
};

/* To PCRE2 a lack of memory is an error like others: a check would be called wrong. */
static void *allocate(size_t size, void *context)
{
    (void)context;
    return rb_realloc(NULL, size, 1);
}

static void release(void *block, void *context)
{
    (void)context;
    free(block);
}

static bool fail(struct rb_error *err, int code)
{
    char text[200];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    return rb_fail(err, RB_ERR_INVALID, "%s", text);
}

static uint32_t options_for(enum rb_pattern_place place)
{
    const uint32_t always = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    switch (place) {
    case RB_PATTERN_AT_START:
        return always | PCRE2_ANCHORED;
    case RB_PATTERN_WHOLE:
        return always | PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    case RB_PATTERN_ANYWHERE:
        break;
    }
    return always;
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

static bool compile(struct rb_pattern *pattern, const char *text, size_t length, size_t *at,
                    struct rb_error *err)
{
    int code;
    size_t place;
    pcre2_compile_context *context = pcre2_compile_context_create(pattern->memory);
    pattern->code = pcre2_compile((PCRE2_SPTR)text, length, options_for(pattern->place),
                                  &code, &place, context);
    pcre2_compile_context_free(context);
    if (pattern->code)
        return true;
    if (at)
        *at = place;
    return fail(err, code);
}

/* Without a call to pcre2_jit_compile it is the interpreter that matches, on every machine. */
bool rb_pattern_compile(const char *text, size_t length, enum rb_pattern_place place,
                        struct rb_pattern **ret_pattern, size_t *at, struct rb_error *err)
{
    if (length > RB_PATTERN_LONGEST) {
        if (at)
            *at = 0;
        return rb_fail(err, RB_ERR_INVALID, "it is longer than the limit of %d bytes",
                       RB_PATTERN_LONGEST);
    }
    struct rb_pattern *pattern = rb_alloc(sizeof *pattern);
    pattern->place = place;
    pattern->memory = pcre2_general_context_create(allocate, release, NULL);
    if (!compile(pattern, text, length, at, err)) {
        rb_pattern_free(pattern);
        return false;
    }
    pattern->limits = pcre2_match_context_create(pattern->memory);
    pattern->data = pcre2_match_data_create_from_pattern(pattern->code, pattern->memory);
    pcre2_set_match_limit(pattern->limits, steps_for(pattern->code));
    pcre2_set_depth_limit(pattern->limits, DEPTH_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_MAX_KIB);
    *ret_pattern = pattern;
    return true;
}

void rb_pattern_free(struct rb_pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->data);
    pcre2_match_context_free(pattern->limits);
    pcre2_code_free(pattern->code);
    pcre2_general_context_free(pattern->memory);
    free(pattern);
}

enum rb_pattern_verdict rb_pattern_match(struct rb_pattern *pattern, const char *text,
                                         size_t length, size_t from, struct rb_error *err)
{
    size_t begin, end;
    int status = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, 0,
                             pattern->data, pattern->limits);
    if (status == PCRE2_ERROR_NOMATCH)
        return RB_PATTERN_DIFFERS;
    if (status < 0) {
        fail(err, status);
        return RB_PATTERN_GAVE_UP;
    }
    /* \K can move the reported start. */
    if (pattern->place == RB_PATTERN_WHOLE &&
        (!rb_pattern_span(pattern, 0, &begin, &end) || begin != from || end != length))
        return RB_PATTERN_DIFFERS;
    return RB_PATTERN_MATCHES;
}

/* A partial match says that a longer text that begins so could match. */
bool rb_pattern_excludes(struct rb_pattern *pattern, const char *begin, size_t length)
{
    return pcre2_match(pattern->code, (PCRE2_SPTR)begin, length, 0, PCRE2_PARTIAL_HARD,
                       pattern->data, pattern->limits) == PCRE2_ERROR_NOMATCH;
}

bool rb_pattern_span(const struct rb_pattern *pattern, size_t group, size_t *ret_from,
                     size_t *ret_to)
{
    const size_t *spans = pcre2_get_ovector_pointer(pattern->data);
    if (group >= pcre2_get_ovector_count(pattern->data) ||
        spans[2 * group] == PCRE2_UNSET || spans[2 * group] > spans[2 * group + 1])
        return false;
    *ret_from = spans[2 * group];
    *ret_to = spans[2 * group + 1];
    return true;
}

size_t rb_pattern_groups(const struct rb_pattern *pattern)
{
    uint32_t count = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}

/* pcre2api, "PCRE2_INFO_NAMETABLE": two bytes of the number, the name, a NUL. */
const char *rb_pattern_name(const struct rb_pattern *pattern, size_t i, size_t *ret_group)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    if (i >= count)
        return NULL;
    *ret_group = (size_t)table[i * size] << 8 | table[i * size + 1];
    return (const char *)table + i * size + 2;
}

/* PCRE2 says how much room it would have needed: the second try has it. */
static int substitute(struct rb_pattern *pattern, const char *text, size_t length,
                      const char *replacement, size_t replacement_length, size_t room,
                      struct rb_buf *out, size_t *ret_needed)
{
    RB_AUTO_FREE char *result = rb_realloc(NULL, room, 1);
    size_t size = room;
    int status = pcre2_substitute(pattern->code, (PCRE2_SPTR)text, length, 0,
                                  PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                                      PCRE2_SUBSTITUTE_OVERFLOW_LENGTH,
                                  pattern->data, pattern->limits, (PCRE2_SPTR)replacement,
                                  replacement_length, (PCRE2_UCHAR *)result, &size);
    *ret_needed = size;
    if (status >= 0)
        rb_buf_append(out, result, size);
    return status;
}

enum rb_pattern_verdict rb_pattern_replace(struct rb_pattern *pattern, const char *text,
                                           size_t length, const char *replacement,
                                           size_t replacement_length, size_t cap,
                                           struct rb_buf *out, size_t *ret_count,
                                           struct rb_error *err)
{
    size_t needed = length + ROOM;
    int status = PCRE2_ERROR_NOMEMORY;
    for (int i = 0; i < 2 && status == PCRE2_ERROR_NOMEMORY && needed <= cap; i++) {
        status = substitute(pattern, text, length, replacement, replacement_length, needed,
                            out, &needed);
    }
    if (status == PCRE2_ERROR_NOMEMORY) {
        rb_fail(err, RB_ERR_INVALID, "the limit of %zu bytes is exceeded", cap);
        return RB_PATTERN_GAVE_UP;
    }
    if (status < 0) {
        fail(err, status);
        return RB_PATTERN_GAVE_UP;
    }
    *ret_count = (size_t)status;
    return status > 0 ? RB_PATTERN_MATCHES : RB_PATTERN_DIFFERS;
}

enum rb_pattern_verdict rb_pattern_whole(const char *pattern, const char *text,
                                         size_t length)
{
    struct rb_pattern *compiled = NULL;
    if (!rb_pattern_compile(pattern, strlen(pattern), RB_PATTERN_WHOLE, &compiled, NULL,
                            NULL))
        return RB_PATTERN_GAVE_UP;
    enum rb_pattern_verdict verdict = rb_pattern_match(compiled, text, length, 0, NULL);
    rb_pattern_free(compiled);
    return verdict;
}
