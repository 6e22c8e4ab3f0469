/* Any text as an expression of each kind, under tight limits: it must end in an outcome that
 * fits its job and survives the way to the interpreter, and nothing it did may be seen by the
 * next expression in the same sandbox. The first byte chooses the kind. What only the clock ends
 * is no finding: run it with -fork=1 -ignore_timeouts=1 -timeout=5. */

#include "base/json.h"
#include "effects/evaluation.h"
#include "fuzz.h"
#include "lua/evaluate.h"

static const char scope[] =
    "{\"params\":{\"a\":[1,2,{\"b\":null}],\"s\":\"text\"},\"vars\":{},\"loop\":{\"x\":1},"
    "\"steps\":{\"s\":{\"status\":\"passed\",\"outputs\":{\"o\":true},\"exit\":0}},"
    "\"run\":{\"id\":\"r\"},\"result\":{\"exit\":1,\"duration_us\":5}}";

/* Everything that expressions share, and what it gives. */
static const char neighbour[] =
    "local n = 0\n"
    "for k, v in pairs(params.a) do n = n + k end\n"
    "return table.concat({('%d'):format(n), params.s:upper(), math.max(1, 2), #params.a,\n"
    "  tostring(steps.s.outputs.o), type(sh.exec), utf8.char(65), ('ab'):rep(2),\n"
    "  tostring(x), result.exit, select('#', 1, 2), tostring(pcall(error)),\n"
    "  json.encode(json.decode('[{},null]')), re.match('a1', '[0-9]')[0],\n"
    "  tostring(check.eq(1, 1)), tostring((try(error))),\n"
    "  parallel{function() return 7 end}[1]}, ',')";
static const char expected[] =
    "6,TEXT,2,3,true,function,A,abab,1,1,2,false,[{},null],1,true,nil,7";

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    int *calls = context;
    struct rb_list_builder list = {0};
    if (*calls + rb_value_count(requests) > 5)
        return rb_fail(err, RB_ERR_REFUSED, "no more");
    for (size_t i = 0; i < rb_value_count(requests); i++)
        rb_list_add(&list, rb_value_map("exit", rb_value_int(++*calls), NULL));
    *ret_outcomes = rb_list_end(&list);
    return true;
}

static const struct rb_value *item(const char *name, const char *kind,
                                   const struct rb_value *source, bool chunk, int line)
{
    return rb_value_map("name", rb_value_text(name), "kind", rb_value_text(kind), "source",
                        source, "chunk", rb_value_bool(chunk), "where",
                        rb_value_text("x.check"), "line", rb_value_int(line), NULL);
}

static const struct rb_value *job_of(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"value", "truth", "verdict", "optional"};
    const struct rb_value *values;
    assert(rb_json_parse(scope, strlen(scope), &values, NULL));
    const struct rb_value *any = rb_value_string((const char *)data + 1, size - 1);
    return rb_value_map(
        "items",
        rb_value_list(item("x", kinds[data[0] & 3], any, data[0] & 4, data[0] >> 3),
                      item("y", "value", rb_value_text(neighbour), true, 1), NULL),
        "scope", values, "limits",
        rb_value_map("memory_bytes", rb_value_int(1 << 20), "instructions",
                     rb_value_int(20000), NULL),
        NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct rb_modules *modules;
    if (length == 0)
        return 0;
    if (!modules)
        assert(rb_modules_open(NULL, &modules, NULL));
    int calls = 0;
    struct rb_world world = {&calls, answer, -1, modules, NULL};
    RB_AUTO_VALUE const struct rb_value *job = job_of(bytes, length);
    RB_AUTO_VALUE const struct rb_value *outcome = rb_evaluate(job, &world);
    RB_AUTO_VALUE const struct rb_value *arrived = NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(outcome, &text);
    assert(rb_json_decode(rb_buf_text(&text), text.length, &arrived, NULL));
    assert(rb_value_equal(outcome, arrived) && rb_evaluation_fits(job, arrived));
    const struct rb_value *next = rb_value_at(rb_value_get(arrived, "items"), 1);
    assert(strcmp(rb_value_get_text(next, "value", ""), expected) == 0);
    return 0;
}
