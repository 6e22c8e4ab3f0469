#include "core/effects.h"

void rb_child_key(const struct rb_state *state, int step, int element, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf own = {0};
    rb_node_key(state, state->current, &own);
    const char *elements = strchr(rb_buf_text(&own), '[');
    rb_buf_puts(out, state->plan->steps[step].id);
    if (elements)
        rb_buf_puts(out, elements);
    if (element >= 0)
        rb_buf_printf(out, "[%d]", element);
}
