#include "effects/outcome.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static bool failed(const struct rb_program *program)
{
    return program->ended && program->status != 0;
}

/* The program whose end counts: as with bash's pipefail, the last that failed. */
static const struct rb_program *deciding(const struct rb_child *child)
{
    for (size_t i = child->count; i-- > 0;) {
        if (failed(&child->programs[i]))
            return &child->programs[i];
    }
    return &child->programs[child->count - 1];
}

static const struct rb_value *exit_of(const struct rb_program *program)
{
    if (!program->ended || !WIFEXITED(program->status))
        return NULL;
    return rb_value_int(WEXITSTATUS(program->status));
}

/* The name of the signal it ended by, unless that was ours. */
static const struct rb_value *signal_of(const struct rb_child *child,
                                        const struct rb_program *program)
{
    if (!program->ended || !WIFSIGNALED(program->status))
        return NULL;
    int number = WTERMSIG(program->status);
    if (child->killed && (number == SIGTERM || number == SIGKILL))
        return NULL;
    const char *name = sigabbrev_np(number);
    return name ? rb_value_textf("SIG%s", name) : rb_value_textf("SIG%d", number);
}

/* Of each program, a signal as shells count it. */
static const struct rb_value *exits_of(const struct rb_child *child)
{
    struct rb_list_builder exits = {0};
    if (child->count < 2)
        return NULL;
    for (size_t i = 0; i < child->count; i++) {
        int status = child->programs[i].status;
        rb_list_add(&exits, rb_value_int(WIFEXITED(status) ? WEXITSTATUS(status)
                                                           : 128 + WTERMSIG(status)));
    }
    return rb_list_end(&exits);
}

static const struct rb_value *positive(int64_t count)
{
    return count > 0 ? rb_value_int(count) : NULL;
}

const struct rb_value *rb_outcome_of(const struct rb_child *child, rb_time took,
                                     const struct rb_value *out, const struct rb_value *err)
{
    const struct rb_program *program = deciding(child);
    return rb_value_map("exit", exit_of(program), "signal", signal_of(child, program),
                        "exits", exits_of(child), "what",
                        *child->what ? rb_value_text(child->what) : NULL, "killed",
                        child->killed ? rb_value_text(child->killed) : NULL, "escalated",
                        child->escalated ? rb_value_bool(true) : NULL, "survivors",
                        positive(child->survivors), "remaining", positive(child->remaining),
                        "processes", positive(child->processes), "out", out, "err", err,
                        "duration_us", rb_value_int(took), NULL);
}

const struct rb_value *rb_outcome_unstarted(const struct rb_error *why)
{
    const char *name = strerrorname_np(why->sys);
    return rb_value_map("spawn_error", rb_value_text(name ? name : "EIO"), "what",
                        rb_value_text(why->message), NULL);
}
