#include "cli/again.h"

#include "effects/worker.h"
#include "lua/worker_main.h"

static bool evaluate(void *context, const struct rb_value *job,
                     const struct rb_value *evidence, const struct rb_value **ret_items,
                     struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *outcome = NULL;
    if (!rb_worker_replay_eval(context, job, evidence, &outcome, err))
        return false;
    const struct rb_value *items = rb_value_get(outcome, "items");
    *ret_items = items ? rb_value_ref(items) : rb_value_list(NULL);
    return true;
}

static bool replay(const struct rb_history *history, rb_replay_eval *eval, void *context,
                   struct rb_replay *ret_replay, struct rb_error *err)
{
    struct rb_reader *reader = NULL;
    bool good =
        rb_reader_open(history->run->dir, &reader, err) &&
        rb_replay_run(history->document->plan, reader, eval, context, ret_replay, err);
    rb_reader_free(reader);
    return good;
}

bool rb_again(const struct rb_history *history, struct rb_replay *ret_replay,
              struct rb_error *err)
{
    struct rb_worker_replay *worker =
        rb_worker_replay_new(rb_lua_worker, history->run->dir);
    bool good = replay(history, evaluate, worker, ret_replay, err);
    rb_worker_replay_free(worker);
    return good;
}

bool rb_again_follows(const struct rb_history *history, struct rb_error *err)
{
    struct rb_replay found;
    if (!replay(history, NULL, NULL, &found, err))
        return false;
    return !found.differs || rb_fail(err, RB_ERR_RECORD, "seq %lld does not follow: %.400s",
                                     (long long)found.seq, found.what);
}
