#include "cli/claim.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/operator.h"
#include "effects/clock.h"

enum { LOOK_NS = 250 * 1000 * 1000 };
static const rb_time TELL_AGAIN = 60 * RB_SEC;

/* "Release of dCMMS (production)" */
static const struct rb_value *purpose_of(const struct rb_plan *plan)
{
    const char *what = plan->title ? plan->title : plan->name;
    return plan->environment ? rb_value_textf("%.200s (%s)", what, plan->environment)
                             : rb_value_textf("%.200s", what);
}

/* As others find it, from wherever they are. */
static const struct rb_value *path_of(const struct rb_store *store, struct rb_error *err)
{
    const char *path = rb_store_path(store);
    if (path[0] == '/')
        return rb_value_text(path);
    RB_AUTO_VALUE const struct rb_value *here = rb_here(err);
    return here ? rb_value_textf("%s/%s", rb_value_as_text(here, ""), path) : NULL;
}

bool rb_claim_id(char ret_id[32], struct rb_error *err)
{
    unsigned char entropy;
    if (getentropy(&entropy, sizeof entropy) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "no randomness for the run's id");
    rb_run_make_id(rb_clock_utc(), entropy, ret_id);
    return true;
}

/* What the files say of the run from now on. */
static bool make_holder(struct rb_claim *claim, struct rb_error *err)
{
    char since[28], id[32];
    RB_AUTO_VALUE const struct rb_value *who = rb_operator();
    if (claim->is_new && !rb_claim_id(id, err))
        return false;
    if (claim->is_new)
        snprintf(claim->run, sizeof claim->run, "%s", id);
    rb_time_format(rb_clock_utc(), since);
    rb_value_unref(claim->holder);
    claim->holder = rb_value_map(
        "run", rb_value_text(claim->run), "store", rb_value_ref(claim->store), "by",
        rb_value_ref(rb_value_get(who, "user")), "host",
        rb_value_ref(rb_value_get(who, "host")), "pid", rb_value_int(getpid()), "since",
        rb_value_text(since), "purpose", purpose_of(claim->plan), NULL);
    return true;
}

bool rb_claim_open(struct rb_store *store, const struct rb_plan *plan, const char *run,
                   struct rb_claim *ret_claim, struct rb_error *err)
{
    struct rb_claim claim = {.plan = plan, .is_new = !run};
    snprintf(claim.run, sizeof claim.run, "%s", run ? run : "");
    if (plan->locks && !((claim.store = path_of(store, err)) && make_holder(&claim, err) &&
                         rb_locks_open(store, &claim.locks, err))) {
        rb_claim_done(&claim);
        return false;
    }
    *ret_claim = claim;
    return true;
}

/* What it waits for, and for how long it has: told when it is another by now, and as a sign of
 * life. */
struct waiting {
    char told[512];
    rb_time told_at, began; /* monotonic */
};

static void tell(struct waiting *waiting, const struct rb_error *why)
{
    rb_time now = rb_clock_mono();
    RB_AUTO_BUF struct rb_buf span = {0};
    bool same = strncmp(waiting->told, why->message, sizeof waiting->told - 1) == 0;
    if (same && now - waiting->told_at < TELL_AGAIN)
        return;
    rb_duration_human(now - waiting->began, &span);
    if (same)
        fprintf(stderr, "runbook: still waits, for %s by now: %s\n", rb_buf_text(&span),
                why->message);
    else
        fprintf(stderr, "runbook: waits: %s\n", why->message);
    snprintf(waiting->told, sizeof waiting->told, "%s", why->message);
    waiting->told_at = now;
}

bool rb_claim_take(const struct rb_args *args, struct rb_claim *claim,
                   const struct rb_value *keys, struct rb_error *err)
{
    bool waits = rb_args_flag(args, "wait");
    struct waiting waiting = {.began = rb_clock_mono()};
    while (claim->locks) {
        struct rb_error why = {0};
        if (rb_locks_take(claim->locks, keys, claim->holder, NULL, &why))
            return true;
        if (why.code != RB_ERR_LOCKED || !waits) {
            *err = why;
            return false;
        }
        tell(&waiting, &why);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
        if (!make_holder(claim, err))
            return false;
    }
    return true;
}

void rb_claim_done(struct rb_claim *claim)
{
    rb_locks_free(claim->locks);
    rb_value_unref(claim->holder);
    rb_value_unref(claim->store);
    *claim = (struct rb_claim){0};
}
