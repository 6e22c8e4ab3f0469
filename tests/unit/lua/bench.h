#pragma once
/* What tests of the sandbox share: jobs made from Lua text, evaluated in this process. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "lua/evaluate.h"

/* An item of a job on line 10 of the runbook, called "x". */
static inline const struct rb_value *bench_item(const char *kind, const char *source,
                                                bool chunk)
{
    return rb_value_map("name", rb_value_text("x"), "kind", rb_value_text(kind), "source",
                        rb_value_text(source), "chunk", rb_value_bool(chunk), "where",
                        rb_value_text("x.check"), "line", rb_value_int(10), NULL);
}

static inline const struct rb_value *bench_limits(int64_t memory, int64_t instructions)
{
    return rb_value_map("time_us", rb_value_int(5000000), "memory_bytes",
                        rb_value_int(memory), "instructions", rb_value_int(instructions),
                        NULL);
}

static inline const struct rb_value *bench_json(const char *text)
{
    const struct rb_value *value;
    struct rb_error err;
    if (!rb_json_parse(text, strlen(text), &value, &err))
        fail_msg("%s", err.message);
    return value;
}

static const char bench_scope[] =
    "{\"params\":{\"version\":\"v1.2.3\",\"ramp\":[10,25,50],\"none\":null,\"ratio\":0.5},"
    "\"vars\":{\"hosts\":{\"b\":2,\"a\":1},\"empty\":[]},\"environment\":\"production\","
    "\"secrets\":{\"db\":{\"$secret\":\"db\"}},"
    "\"run\":{\"id\":\"r-1\",\"operator\":\"ann\",\"started\":\"2025-11-22T23:01:07."
    "104512Z\"},"
    "\"steps\":{\"build\":{\"status\":\"passed\",\"attempts\":1,\"exit\":0,"
    "\"outputs\":{\"file\":\"a.dump\",\"gone\":null}},\"late\":{\"status\":\"skipped\","
    "\"attempts\":0}},\"loop\":{\"item\":{\"host\":\"h1\"}},"
    "\"result\":{\"exit\":3,\"duration_us\":1500000}}";

static inline bool bench_no_world(void *context, const struct rb_value *requests,
                                  const struct rb_value **ret_outcomes,
                                  struct rb_error *err)
{
    (void)context, (void)requests, (void)ret_outcomes;
    return rb_fail(err, RB_ERR_REFUSED, "there is no world");
}

/* The outcome of one request. */
typedef bool bench_answer(void *context, const struct rb_value *request,
                          const struct rb_value **ret_outcome, struct rb_error *err);

/* For a world that answers requests one by one. */
static inline bool bench_answer_each(bench_answer *answer, void *context,
                                     const struct rb_value *requests,
                                     const struct rb_value **ret_outcomes,
                                     struct rb_error *err)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(requests); i++) {
        const struct rb_value *outcome = NULL;
        if (!answer(context, rb_value_at(requests, i), &outcome, err)) {
            rb_value_unref(rb_list_end(&list));
            return false;
        }
        rb_list_add(&list, outcome);
    }
    *ret_outcomes = rb_list_end(&list);
    return true;
}

/* Takes over `scope` and `items`. */
static inline const struct rb_value *bench_evaluate(const struct rb_value *scope,
                                                    const struct rb_value *items,
                                                    const struct rb_value *limits,
                                                    const struct rb_world *world)
{
    RB_AUTO_VALUE const struct rb_value *job =
        rb_value_map("phase", rb_value_text("gate"), "scope", scope, "items", items,
                     "limits", limits, NULL);
    struct rb_modules *modules;
    struct rb_world own =
        world ? *world : (struct rb_world){NULL, bench_no_world, -1, NULL, NULL};
    assert_true(rb_modules_open(NULL, &modules, NULL));
    own.modules = modules;
    const struct rb_value *outcome = rb_evaluate(job, &own);
    rb_modules_free(modules);
    return outcome;
}

/* The canonical text of the one item of an outcome, without its name; the caller frees it. */
static inline char *bench_run(const char *kind, const char *source, bool chunk)
{
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope), rb_value_list(bench_item(kind, source, chunk), NULL),
        bench_limits(8 << 20, 1000000), NULL);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    struct rb_map_builder rest = {0};
    for (size_t i = 0; i < rb_value_count(item); i++) {
        const char *key = rb_value_as_text(rb_value_key_at(item, i), "");
        if (strcmp(key, "name") != 0)
            rb_map_add(&rest, key, rb_value_ref(rb_value_member_at(item, i)));
    }
    RB_AUTO_VALUE const struct rb_value *shown = rb_map_end(&rest);
    struct rb_buf text = {0};
    rb_json_encode(shown, &text);
    return rb_buf_take(&text);
}

static inline void bench_expect(const char *kind, const char *source, bool chunk,
                                const char *expected)
{
    char *got = bench_run(kind, source, chunk);
    if (strcmp(got, expected) != 0)
        print_error("%s\n", source);
    assert_string_equal(got, expected);
    free(got);
}

/* An expression of each kind, and a chunk. */
static inline void gives_value(const char *source, const char *expected)
{
    bench_expect("value", source, false, expected);
}

static inline void gives_verdict(const char *source, const char *expected)
{
    bench_expect("verdict", source, false, expected);
}

static inline void gives_chunk(const char *source, const char *expected)
{
    bench_expect("verdict", source, true, expected);
}

static inline void gives_error(const char *source, const char *part)
{
    char *got = bench_run("value", source, false);
    if (strncmp(got, "{\"error\":", 9) != 0 || !strstr(got, part))
        fail_msg("%s\ngave %s\nwanted an error with %s", source, got, part);
    free(got);
}
