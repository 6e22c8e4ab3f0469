/* Any bytes as Lua text, as an expression and as a chunk. */

#include "base/arena.h"
#include "fuzz.h"
#include "parse/luascan.h"

static struct rb_span place(const void *context, size_t offset, size_t length)
{
    const size_t *whole = context;
    assert(offset <= *whole && length <= *whole - offset);
    return (struct rb_span){.line = 1,
                            .column = (int)offset + 1,
                            .end_line = 1,
                            .end_column = (int)(offset + length) + 1};
}

static void scan(const char *bytes, size_t length, bool chunk)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    struct rb_lua_refs refs = {0};
    const struct rb_lua_text text = {.text = bytes,
                                     .length = length,
                                     .chunk = chunk,
                                     .where = "fuzz",
                                     .context = &length,
                                     .place = place};
    bool good = rb_lua_scan(arena, &text, &diags, &refs);
    assert(good == (diags.count == 0));
    for (int i = 0; i < refs.count; i++) {
        const struct rb_lua_ref *ref = &refs.items[i];
        assert(ref->root[0] && ref->span.end_column >= ref->root_span.end_column);
    }
    fuzz_assert_diags(&diags);
    rb_diags_done(&diags);
    rb_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    scan((const char *)bytes, length, false);
    scan((const char *)bytes, length, true);
    return 0;
}
