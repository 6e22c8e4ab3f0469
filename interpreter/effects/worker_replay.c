#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/duration.h"
#include "effects/evaluation.h"
#include "effects/frame.h"
#include "effects/worker.h"
#include "effects/worker_process.h"

enum { PIECE = 65536 };
static const rb_time DEFAULT_TIME = 10 * RB_SEC;

struct rb_worker_replay {
    rb_worker_main *main;
    int run_dir;
    struct rb_worker_process process;
    struct rb_buf in;
};

/* One evaluation: the record it is answered from, how far that was used, and why it was answered
 * no further. */
struct answers {
    const struct rb_value *evidence;
    size_t used;
    const char *refused;
};

struct rb_worker_replay *rb_worker_replay_new(rb_worker_main *main, int run_dir)
{
    struct rb_worker_replay *replay = rb_alloc(sizeof *replay);
    *replay = (struct rb_worker_replay){main, run_dir, {0, -1}, {0}};
    return replay;
}

static void end(struct rb_worker_replay *replay)
{
    rb_worker_process_end(&replay->process);
    rb_buf_clear(&replay->in);
}

void rb_worker_replay_free(struct rb_worker_replay *replay)
{
    if (!replay)
        return;
    end(replay);
    rb_buf_done(&replay->in);
    free(replay);
}

static rb_time now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (rb_time)t.tv_sec * RB_SEC + t.tv_nsec / 1000;
}

static bool receive(struct rb_worker_replay *replay, rb_time deadline, struct rb_error *err)
{
    char piece[PIECE];
    rb_time left = deadline - now();
    struct pollfd ready = {.fd = replay->process.fd, .events = POLLIN};
    int count = left > 0 ? poll(&ready, 1, (int)(left / RB_MS + 1)) : 0;
    if (count == 0)
        return rb_fail(err, RB_ERR_PROTOCOL, "it took longer than its time and was ended");
    if (count < 0)
        return errno == EINTR ||
               rb_fail_errno(err, RB_ERR_IO, "cannot wait for the worker");
    ssize_t got = recv(replay->process.fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0)
        return rb_fail(err, RB_ERR_PROTOCOL, "the Lua worker died");
    rb_buf_append(&replay->in, piece, (size_t)got);
    return true;
}

static bool next_message(struct rb_worker_replay *replay, rb_time deadline,
                         const struct rb_value **ret_message, struct rb_error *err)
{
    for (;;) {
        const struct rb_value *message = NULL;
        if (!rb_frame_take(&replay->in, &message, err))
            return false;
        if (message) {
            *ret_message = message;
            return true;
        }
        if (!receive(replay, deadline, err))
            return false;
    }
}

static bool same_member(const struct rb_value *a, const struct rb_value *b,
                        const char *name)
{
    return rb_value_equal(rb_value_get(a, name), rb_value_get(b, name));
}

/* The recorded outcome, when the record holds this very call at this place. */
static const struct rb_value *take(struct answers *answers, const struct rb_value *request)
{
    const struct rb_value *recorded = rb_value_at(answers->evidence, answers->used);
    if (!recorded)
        answers->refused = "it asks for more than the record holds";
    else if (!same_member(recorded, request, "call") ||
             !same_member(recorded, request, "req"))
        answers->refused = "it asks for something else than the record holds";
    else
        answers->used++;
    return rb_value_get(recorded, "outcome");
}

static const struct rb_value *answer(struct answers *answers,
                                     const struct rb_value *requests)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(requests) && !answers->refused; i++) {
        const struct rb_value *outcome = take(answers, rb_value_at(requests, i));
        rb_list_add(&list, outcome ? rb_value_ref(outcome) : rb_value_null());
    }
    const struct rb_value *outcomes = rb_list_end(&list);
    if (!answers->refused)
        return rb_value_map("answers", outcomes, NULL);
    rb_value_unref(outcomes);
    return rb_value_map("refused", rb_value_text(answers->refused), NULL);
}

static bool converse(struct rb_worker_replay *replay, const struct rb_value *job,
                     struct answers *answers, const struct rb_value **ret_outcome,
                     struct rb_error *err)
{
    rb_time limit = rb_value_get_int(rb_value_get(job, "limits"), "time_us", DEFAULT_TIME);
    rb_time deadline = now() + limit;
    if (!rb_frame_write(replay->process.fd, job, err))
        return false;
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *message = NULL;
        if (!next_message(replay, deadline, &message, err))
            return false;
        const struct rb_value *requests = rb_value_get(message, "ask");
        const char *gave_up = rb_value_get_text(message, "gave_up", NULL);
        bool missing = rb_value_get_bool(message, "missing", false);
        if (gave_up)
            return rb_fail(err, missing ? RB_ERR_NOT_FOUND : RB_ERR_IO, "%s", gave_up);
        if (!requests) {
            if (!rb_evaluation_fits(job, message))
                return rb_fail(err, RB_ERR_PROTOCOL, "the Lua worker sent no answer");
            *ret_outcome = rb_value_ref(message);
            return true;
        }
        RB_AUTO_VALUE const struct rb_value *reply = answer(answers, requests);
        if (!rb_frame_write(replay->process.fd, reply, err))
            return false;
    }
}

bool rb_worker_replay_eval(struct rb_worker_replay *replay, const struct rb_value *job,
                           const struct rb_value *evidence,
                           const struct rb_value **ret_outcome, struct rb_error *err)
{
    if (replay->process.pid == 0 &&
        !rb_worker_process_start(replay->main, replay->run_dir, &replay->process, err))
        return false;
    struct answers answers = {.evidence = evidence};
    struct rb_error why;
    const struct rb_value *outcome = NULL;
    if (!converse(replay, job, &answers, &outcome, &why)) {
        end(replay);
        if (why.code == RB_ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        *ret_outcome = rb_evaluation_failed(job, why.message);
        return true;
    }
    if (answers.used < rb_value_count(evidence)) {
        rb_value_unref(outcome);
        outcome = rb_evaluation_failed(job, answers.refused
                                                ? answers.refused
                                                : "it asks for less than the record holds");
    }
    *ret_outcome = outcome;
    return true;
}

bool rb_worker_replay_answered(const struct rb_worker_replay *replay)
{
    return replay->process.pid != 0;
}
