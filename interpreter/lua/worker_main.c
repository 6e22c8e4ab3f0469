#include "lua/worker_main.h"

#include <locale.h>
#include <unistd.h>

#include "effects/evaluation.h"
#include "effects/frame.h"
#include "lua/evaluate.h"

/* The other end of the socket. */
struct peer {
    int fd;
    struct rb_buf in;
};

static bool ask(void *context, const struct rb_value *requests,
                const struct rb_value **ret_outcomes, struct rb_error *err)
{
    struct peer *peer = context;
    RB_AUTO_VALUE const struct rb_value *reply = NULL;
    RB_AUTO_VALUE const struct rb_value *message =
        rb_value_map("ask", rb_value_ref(requests), NULL);
    /* Nobody is there any more to hear of an evaluation, and none may seem to have ended. */
    if (!rb_frame_write(peer->fd, message, err) ||
        !rb_frame_next(peer->fd, &peer->in, &reply, err))
        _exit(1);
    const struct rb_value *outcomes = rb_value_get(reply, "answers");
    if (rb_value_count(outcomes) != rb_value_count(requests)) {
        return rb_fail(err, RB_ERR_REFUSED, "%s",
                       rb_value_get_text(reply, "refused", "there is no answer"));
    }
    *ret_outcomes = rb_value_ref(outcomes);
    return true;
}

/* Says why, and ends this worker: it is of no use. */
static void give_up(void *context, const struct rb_error *why)
{
    struct peer *peer = context;
    bool missing = why->code == RB_ERR_NOT_FOUND;
    RB_AUTO_VALUE const struct rb_value *message =
        rb_value_map("gave_up", rb_value_text(why->message), "missing",
                     missing ? rb_value_bool(true) : NULL, NULL);
    _exit(rb_frame_write(peer->fd, message, NULL) ? 0 : 1);
}

static void end_sandbox(struct rb_sandbox **sandbox)
{
    rb_sandbox_free(*sandbox);
}

/* `broken`: why there is no standard library, and so nothing is evaluated. */
static int serve(struct peer *peer, const struct rb_world *world, const char *broken)
{
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *job = NULL;
        /* Made and ended while nobody waits for us. */
        RB_CLEANUP(end_sandbox) struct rb_sandbox *sandbox = rb_sandbox_new(world);
        if (!rb_frame_next(peer->fd, &peer->in, &job, NULL))
            return 1;
        if (!job)
            return 0;
        RB_AUTO_VALUE const struct rb_value *outcome =
            broken ? rb_evaluation_failed(job, broken)
                   : rb_evaluate_in(sandbox, job, world);
        if (!rb_frame_write(peer->fd, outcome, NULL))
            return 1;
    }
}

/* The order of strings, the classes of characters and the decimal point are those of the C
 * locale, whatever the interpreter runs under. */
int rb_lua_worker(int fd, int run_dir)
{
    struct peer peer = {.fd = fd};
    struct rb_world world = {&peer, ask, run_dir, NULL, give_up};
    struct rb_modules *modules = NULL;
    struct rb_error err;
    setlocale(LC_ALL, "C");
    bool good = rb_modules_open(getenv("RUNBOOK_STDLIB"), &modules, &err);
    world.modules = modules;
    int status = serve(&peer, &world, good ? NULL : err.message);
    rb_modules_free(modules);
    rb_buf_done(&peer.in);
    return status;
}
