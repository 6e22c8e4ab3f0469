#include "cli/status.h"

#include "render/words.h"

const char *rb_run_status(enum rb_run_phase phase, const struct rb_value *end, bool live)
{
    if (phase == RB_RUN_FINISHED)
        return rb_value_get_text(end, "status", "finished");
    if (live)
        return "running";
    if (phase != RB_RUN_SUSPENDED)
        return "crashed";
    int64_t code = rb_value_get_int(end, "exit", 3);
    return code == 130 || code == 74 ? "interrupted" : code == 4 ? "stopped" : "waiting";
}

void rb_run_ending(const struct rb_state *state, struct rb_buf *out)
{
    rb_words_status(rb_value_get_text(state->end, "status", "finished"),
                    rb_value_get(state->end, "left"), out);
}
