/* Any bytes as a file of answers, and as one of parameters for a runbook that has every type. */

#include "fuzz.h"
#include "parse/answers.h"
#include "parse/params.h"
#include "parse/parse.h"

static const char runbook[] = "runbook: x\nparams:\n"
                              "  a: {pattern: '(v\\d+)+', default: v1}\n"
                              "  b: {type: integer, min: 1, default: 1}\n"
                              "  c: {type: number, max: 1, default: 0}\n"
                              "  d: {type: boolean, default: true}\n"
                              "  e: {type: list, of: integer, default: []}\n"
                              "  f: {type: duration, default: 1s}\n"
                              "steps: [{id: a, title: t}]\n";

static void read_answers(const char *bytes, size_t length)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    const struct rb_value *answers = NULL;
    bool good = rb_answers_read(arena, "fuzz.yaml", bytes, length, &diags, &answers);
    assert(good == (answers != NULL));
    rb_value_unref(answers);
    fuzz_assert_diags(&diags);
    rb_diags_done(&diags);
    rb_arena_free(arena);
}

static void read_params(const char *bytes, size_t length)
{
    struct rb_diags diags = {0};
    struct rb_document *document =
        rb_document_read("x", runbook, strlen(runbook), NULL, &diags);
    struct rb_param_text *given = NULL;
    int count = 0;
    const struct rb_value *params = NULL;
    if (rb_params_read(document->arena, "fuzz.yaml", bytes, length, &diags, &given, &count))
        (void)!rb_params_resolve(document->plan, given, count, &diags, &params);
    rb_value_unref(params);
    fuzz_assert_diags(&diags);
    rb_document_free(document);
    rb_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    read_answers((const char *)bytes, length);
    read_params((const char *)bytes, length);
    return 0;
}
