#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/say.h"
#include "effects/clock.h"
#include "journal/locks.h"

static void visible(const char *before, const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_text_visible(text, strlen(text), false, &out);
    printf("%s%s", before, rb_buf_text(&out));
}

static const char *how(const struct rb_value *lock)
{
    if (!rb_value_get_bool(lock, "held", false))
        return rb_value_get(lock, "broken") ? "broken" : "free";
    return rb_value_get_bool(lock, "live", false) ? "held" : "kept";
}

/* Those that are free have a past that nobody asked for. */
static void print_text(const struct rb_value *locks, const char *place)
{
    int held = 0;
    for (size_t i = 0; i < rb_value_count(locks); i++) {
        const struct rb_value *lock = rb_value_at(locks, i);
        if (!rb_value_get_bool(lock, "held", false))
            continue;
        held++;
        visible("", rb_value_get_text(lock, "key", ""));
        printf("  %s", how(lock));
        visible(" by ", rb_value_get_text(lock, "run", ""));
        visible(" of ", rb_value_get_text(lock, "by", ""));
        printf(" since %.19sZ", rb_value_get_text(lock, "since", ""));
        visible(", for: ", rb_value_get_text(lock, "purpose", "(not said)"));
        putchar('\n');
    }
    if (held == 0)
        rb_say(stderr, "no lock is held; they are kept in %s", place);
}

static bool open_locks(const struct rb_args *args, struct rb_store **ret_store,
                       struct rb_locks **ret_locks, struct rb_error *err)
{
    return rb_history_store(args, ret_store, err) &&
           rb_locks_open(*ret_store, ret_locks, err);
}

int rb_cmd_locks(const struct rb_args *args)
{
    struct rb_store *store = NULL;
    struct rb_locks *locks = NULL;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *list = NULL;
    bool good = open_locks(args, &store, &locks, &err) && rb_locks_list(locks, &list, &err);
    if (good && rb_args_is(args, "output", "json", false)) {
        RB_AUTO_BUF struct rb_buf out = {0};
        rb_json_print(list, 2, &out);
        puts(rb_buf_text(&out));
    } else if (good) {
        print_text(list, rb_locks_path(locks));
    }
    rb_locks_free(locks);
    rb_store_close(store);
    return good ? 0 : rb_report(&err);
}

static bool unlock(const struct rb_args *args, struct rb_locks *locks, struct rb_error *err)
{
    char at[28];
    const char *key = args->words[0];
    RB_AUTO_VALUE const struct rb_value *who = rb_operator(), *holder = NULL;
    rb_time_format(rb_clock_utc(), at);
    RB_AUTO_VALUE const struct rb_value *broken = rb_value_map(
        "by", rb_value_text(rb_value_get_text(who, "user", "?")), "reason",
        rb_value_text(rb_args_value(args, "reason")), "at", rb_value_text(at), NULL);
    if (!rb_locks_break(locks, key, broken, &holder, err))
        return false;
    visible("", key);
    visible(" was held by run ", rb_value_get_text(holder, "run", "(not said)"));
    visible(" of ", rb_value_get_text(holder, "by", "(not said)"));
    puts("; it is free now, and that run has to take it anew");
    return true;
}

int rb_cmd_unlock(const struct rb_args *args)
{
    struct rb_store *store = NULL;
    struct rb_locks *locks = NULL;
    struct rb_error err = {0};
    const char *reason = rb_args_value(args, "reason");
    bool good = reason && reason[strspn(reason, " \t\n")];
    if (!good)
        rb_fail(
            &err, RB_ERR_USAGE,
            "say why: `runbook unlock KEY --reason TEXT`; whoever takes it next is told");
    good = good && open_locks(args, &store, &locks, &err) && unlock(args, locks, &err);
    rb_locks_free(locks);
    rb_store_close(store);
    return good ? 0 : rb_report(&err);
}
