#include "cli/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/history.h"
#include "cli/load.h"
#include "journal/blob.h"

enum { CHUNK = 1 << 16 };
static const long FOLLOW_NS = 200L * 1000 * 1000;

/* The last attempt of the step that the record knows. */
struct attempt {
    const char *step;
    const struct rb_value *key, *result;
    int64_t number;
    int64_t shown[2]; /* bytes of out and err */
};

bool rb_output_is_about(const char *step, const char *key)
{
    size_t length = strlen(step);
    return strncmp(key, step, length) == 0 &&
           (key[length] == '\0' || (key[length] == '[' && !strchr(step, '[')));
}

static void watch(void *context, const struct rb_state *state,
                  const struct rb_record *record)
{
    struct attempt *attempt = context;
    const struct rb_value *d = record->event.d;
    bool intent = record->event.type == RB_EV_EFFECT_INTENT;
    (void)state;
    if ((!intent && record->event.type != RB_EV_EFFECT_RESULT) ||
        !rb_output_is_about(attempt->step, rb_value_get_text(d, "step", "")))
        return;
    rb_value_put(&attempt->key, rb_value_get(d, "step"));
    rb_value_put(&attempt->result, intent ? NULL : d);
    attempt->number = rb_value_get_int(d, "attempt", 1);
}

static void put(int to, const char *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf clean = {0};
    if (isatty(to)) {
        rb_text_visible(bytes, length, true, &clean);
        bytes = rb_buf_text(&clean);
        length = clean.length;
    }
    struct rb_error err = {0};
    if (!rb_file_write_all(to, bytes, length, &err))
        _exit(0); /* whoever reads has gone away */
}

/* What of a file of the run is new since `*shown`. */
static bool show_file(const struct rb_history *history, const char *path, int to,
                      int64_t *shown, struct rb_error *err)
{
    char chunk[CHUNK];
    RB_AUTO_CLOSE int fd =
        openat(history->run->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return rb_fail_errno(err, RB_ERR_NOT_FOUND, "%s", path);
    for (;;) {
        ssize_t got = pread(fd, chunk, sizeof chunk, *shown);
        if (got <= 0)
            return true;
        put(to, chunk, (size_t)got);
        *shown += got;
    }
}

static bool show_blob(const struct rb_history *history, const char *hex, int to,
                      int64_t *shown, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    rb_buf_printf(&path, "blobs/sha256/%s", hex);
    return show_file(history, rb_buf_text(&path), to, shown, err);
}

/* What is new in a stream, ended (a blob) or live. */
static bool show_stream(const struct rb_history *history, struct attempt *attempt,
                        int which, struct rb_error *err)
{
    static const char *const names[] = {"out", "err"};
    static const int to[] = {STDOUT_FILENO, STDERR_FILENO};
    RB_AUTO_BUF struct rb_buf path = {0};
    const char *hex = rb_blob_hex(rb_value_get(attempt->result, names[which]));
    if (hex)
        return show_blob(history, hex, to[which], &attempt->shown[which], err);
    if (attempt->result)
        return true;
    rb_buf_printf(&path, "steps/%s.%lld/%s", rb_value_as_text(attempt->key, ""),
                  (long long)attempt->number, names[which]);
    /* It may not have printed anything so far. */
    (void)show_file(history, rb_buf_text(&path), to[which], &attempt->shown[which], NULL);
    return true;
}

/* Of each statement its rows as a table, or, where it returns none, what the server says it did. */
static bool show_results(const struct rb_history *history, const struct attempt *attempt,
                         struct rb_error *err)
{
    const struct rb_value *results = rb_value_get(attempt->result, "results");
    for (size_t i = 0; i < rb_value_count(results); i++) {
        const struct rb_value *result = rb_value_at(results, i);
        const char *hex = rb_blob_hex(rb_value_get(result, "table"));
        RB_AUTO_BUF struct rb_buf tag = {0};
        int64_t shown = 0;
        rb_buf_printf(&tag, "%s\n", rb_value_get_text(result, "command", ""));
        if (!hex)
            put(STDOUT_FILENO, rb_buf_text(&tag), tag.length);
        else if (!show_blob(history, hex, STDOUT_FILENO, &shown, err))
            return false;
    }
    return true;
}

static bool show_once(const struct rb_args *args, struct attempt *attempt, bool *ret_going,
                      struct rb_error *err)
{
    struct rb_history history;
    int64_t before = attempt->number;
    if (!rb_history_open(args, args->words[0], RB_HISTORY_READ, watch, attempt, &history,
                         err))
        return false;
    if (attempt->number != before)
        memset(attempt->shown, 0, sizeof attempt->shown);
    bool known = rb_plan_find(history.document->plan, attempt->step) >= 0 || attempt->key;
    bool good = known || rb_fail(err, RB_ERR_NOT_FOUND, "%s has no step `%s`",
                                 history.run->id, attempt->step);
    good = good && (!attempt->key || (show_stream(&history, attempt, 0, err) &&
                                      show_stream(&history, attempt, 1, err) &&
                                      show_results(&history, attempt, err)));
    if (good && !attempt->key)
        fprintf(stderr, "`%s` has not printed anything\n", attempt->step);
    *ret_going = attempt->key && !attempt->result && rb_run_is_live(history.run);
    rb_history_done(&history);
    return good;
}

int rb_output_show(const struct rb_args *args)
{
    struct attempt attempt = {.step = args->words[1]};
    struct rb_error err = {0};
    bool going = false, good;
    bool follow = rb_args_flag(args, "follow");
    while ((good = show_once(args, &attempt, &going, &err)) && follow && going)
        nanosleep(&(struct timespec){.tv_nsec = FOLLOW_NS}, NULL);
    rb_value_unref(attempt.key);
    rb_value_unref(attempt.result);
    return good ? 0 : rb_report(&err);
}
