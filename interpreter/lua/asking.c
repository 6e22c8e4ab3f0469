#include "lua/asking.h"

#include <lauxlib.h>

#include "lua/sandbox.h"

/* So many calls an evaluation may make: a loop of them would fill the record. */
enum { CALLS_MAX = 1000 };

/* On the stack of whoever asks both are pointers that the sandbox keeps; Lua's own code never
 * gets them to see. */
static void push(lua_State *L, const struct rb_value *owned)
{
    rb_list_add(&rb_sandbox_of(L)->kept, owned);
    lua_pushlightuserdata(L, (void *)owned);
}

void rb_asking_push(lua_State *L, const char *call, const struct rb_value *req)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    push(L, rb_value_map("call", rb_value_text(call), "req", req, NULL));
    if (!sandbox->refused && ++sandbox->calls > CALLS_MAX) {
        sandbox->refused = true;
        rb_fail(&sandbox->refusal, RB_ERR_INVALID, "more than %d calls in one evaluation",
                CALLS_MAX);
    }
    if (sandbox->refused)
        rb_sandbox_refuse(L);
}

const struct rb_value *rb_asking_outcome(lua_State *L, int index)
{
    return lua_touserdata(L, index);
}

static void perform(lua_State *L, int count)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    struct rb_list_builder list = {0};
    const struct rb_value *outcomes;
    for (int i = -count; i < 0; i++)
        rb_list_add(&list, rb_value_ref(rb_asking_outcome(L, i)));
    const struct rb_value *requests = rb_list_end(&list);
    bool answered = sandbox->world->ask(sandbox->world->context, requests, &outcomes,
                                        &sandbox->refusal);
    rb_value_unref(requests);
    if (!answered)
        rb_sandbox_refuse(L);
    lua_pop(L, count);
    for (int i = 0; i < count; i++)
        push(L, rb_value_ref(rb_value_at(outcomes, (size_t)i)));
    rb_value_unref(outcomes);
}

int rb_asking_wait(lua_State *L, int count, lua_KContext context, lua_KFunction then)
{
    if (lua_isyieldable(L))
        return lua_yieldk(L, count, context, then);
    perform(L, count);
    return then(L, LUA_OK, context);
}
