#include "lua/evaluate.h"

#include "effects/evaluation.h"
#include "lua/expect.h"
#include "lua/item.h"

const struct rb_value *rb_evaluate_in(struct rb_sandbox *sandbox,
                                      const struct rb_value *job,
                                      const struct rb_world *world)
{
    const struct rb_value *wanted = rb_value_get(job, "items");
    if (rb_value_count(wanted) > 0 && (!sandbox || !rb_sandbox_take(sandbox, job)))
        return rb_evaluation_failed(job, "the memory limit does not even hold Lua itself");
    struct rb_list_builder items = {0};
    rb_expect_judge(job, world, &items);
    for (size_t i = 0; i < rb_value_count(wanted); i++)
        rb_list_add(&items, rb_item_evaluate(sandbox, rb_value_at(wanted, i)));
    return rb_value_map("items", rb_list_end(&items), NULL);
}

const struct rb_value *rb_evaluate(const struct rb_value *job, const struct rb_world *world)
{
    struct rb_sandbox *sandbox = rb_sandbox_new(world);
    const struct rb_value *outcome = rb_evaluate_in(sandbox, job, world);
    rb_sandbox_free(sandbox);
    return outcome;
}
