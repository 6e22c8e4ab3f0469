#include "render/failure.h"

#include <string.h>

#include "base/text.h"
#include "journal/blob.h"
#include "render/tail.h"
#include "render/words.h"

enum { SAID_MAX = 300 };

struct account {
    const struct rb_frame *frame;
    const struct rb_failure_place *place;
    rb_failure_tell *tell;
    void *context;
    const char *dir;
};

static bool holds(const struct rb_value *item)
{
    return !rb_value_get(item, "error") &&
           strcmp(rb_value_get_text(item, "verdict", "holds"), "holds") == 0;
}

/* The name says which of several checks it was; "check" alone says nothing. */
static void tell_check(const struct account *account, const struct rb_value *item)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    const char *wrong = rb_value_get_text(item, "error", NULL);
    rb_words_text(&line, rb_value_get_text(item, "name", ""));
    rb_buf_puts(&line, ": ");
    if (wrong || strcmp(rb_value_get_text(item, "verdict", ""), "unknown") == 0)
        rb_buf_puts(&line, "unknown: ");
    rb_words_text(&line, wrong ? wrong : rb_value_get_text(item, "why", "does not hold"));
    account->tell(account->context, RB_FAILURE_CHECK, rb_buf_text(&line));
}

/* The headline gives the first reason: alone, and without a telling name, it is not repeated. */
static bool is_headline(const struct account *account, const struct rb_value *checks)
{
    static const char *const names[] = {"check", "gate",        "guard",
                                        "lua",   "expect.exit", "expect.status"};
    const struct rb_value *only = NULL;
    for (size_t i = 0; i < rb_value_count(checks); i++) {
        const struct rb_value *item = rb_value_at(checks, i);
        if (!holds(item) && only)
            return false;
        if (!holds(item))
            only = item;
    }
    const struct rb_value *wrong = rb_value_get(only, "error");
    bool named = true;
    for (size_t i = 0; i < RB_COUNT(names); i++)
        named = named && strcmp(rb_value_get_text(only, "name", ""), names[i]) != 0;
    return !named && rb_value_equal(wrong ? wrong : rb_value_get(only, "why"),
                                    rb_value_get(account->frame->failure, "why"));
}

/* "compared: error rate: 0.07 < 0.05, does not hold" */
static void tell_comparison(const struct account *account, const struct rb_value *one)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    const struct rb_value *held = rb_value_get(one, "holds");
    const char *what = rb_value_get_text(one, "what", "");
    rb_buf_puts(&line, "compared: ");
    rb_words_text(&line, what);
    rb_buf_puts(&line, *what ? ": " : "");
    rb_words_text(&line, rb_value_get_text(one, "left", ""));
    rb_buf_putc(&line, ' ');
    rb_words_text(&line, rb_value_get_text(one, "op", ""));
    rb_buf_putc(&line, ' ');
    rb_words_text(&line, rb_value_get_text(one, "right", ""));
    if (!rb_value_as_bool(held, false))
        rb_buf_puts(&line, held ? ", does not hold" : ", unknown");
    account->tell(account->context, RB_FAILURE_LABEL, rb_buf_text(&line));
}

/* The one comparison of a check is the reason that was given already. */
static void tell_seen(const struct account *account, const struct rb_value *item)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    const struct rb_value *seen = rb_value_get(item, "seen");
    size_t count = rb_value_count(seen), shown = (size_t)account->place->lines;
    int64_t more = rb_value_get_int(item, "seen_more", 0);
    for (size_t i = 0; i < count && i < shown && count > 1; i++)
        tell_comparison(account, rb_value_at(seen, i));
    more += count > shown ? (int64_t)(count - shown) : 0;
    if (more == 0)
        return;
    rb_buf_printf(&line, "compared: %lld more", (long long)more);
    account->tell(account->context, RB_FAILURE_LABEL, rb_buf_text(&line));
}

static void tell_checks(const struct account *account)
{
    const struct rb_value *checks = rb_value_get(account->frame->failure, "checks");
    bool told = is_headline(account, checks);
    for (size_t i = 0; i < rb_value_count(checks); i++) {
        const struct rb_value *item = rb_value_at(checks, i);
        if (!holds(item) && !told)
            tell_check(account, item);
        if (!holds(item))
            tell_seen(account, item);
    }
}

/* Where the supervisor wrote it; what only read has no folder, and its answer is kept as a blob. */
static void read_tail(const struct account *account, const char *stream,
                      struct rb_tail *ret_tail)
{
    const struct rb_failure_place *place = account->place;
    rb_tail_read(place->run_dir, account->dir, stream, place->lines, ret_tail);
    if (ret_tail->total > 0)
        return;
    rb_tail_done(ret_tail);
    rb_tail_kept(place->run_dir, rb_value_get(account->frame->result, stream), place->lines,
                 ret_tail);
}

/* "hint: ..."; a server may say a row's worth of text. */
static void tell_said(const struct account *account, const char *label, const char *said)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    if (!said)
        return;
    size_t length = strlen(said), shown = length > SAID_MAX ? SAID_MAX : length;
    RB_AUTO_FREE char *head = rb_strndup(said, rb_text_valid_utf8(said, shown));
    rb_buf_printf(&line, "%s: ", label);
    rb_words_text(&line, head);
    rb_buf_puts(&line, length > shown ? "..." : "");
    account->tell(account->context, RB_FAILURE_CHECK, rb_buf_text(&line));
}

/* What a database said beside the message that is the reason, and where. */
static void tell_server(const struct account *account)
{
    RB_AUTO_BUF struct rb_buf place = {0};
    const struct rb_value *error = rb_value_get(account->frame->result, "error");
    int64_t position = rb_value_get_int(error, "position", 0);
    int64_t statement = rb_value_get_int(error, "statement", -1);
    tell_said(account, "detail", rb_value_get_text(error, "detail", NULL));
    tell_said(account, "hint", rb_value_get_text(error, "hint", NULL));
    if (account->frame->statements > 1 && statement >= 0)
        rb_buf_printf(&place, "statement %lld", (long long)statement + 1);
    if (position > 0)
        rb_buf_printf(&place, "%scharacter %lld", place.length > 0 ? ", " : "",
                      (long long)position);
    if (place.length > 0)
        tell_said(account, "where", rb_buf_text(&place));
}

/* Says whether that was all of it. */
static bool tell_tail(const struct account *account, const char *stream, const char *name)
{
    struct rb_tail tail;
    read_tail(account, stream, &tail);
    if (tail.count > 0) {
        RB_AUTO_BUF struct rb_buf label = {0};
        rb_buf_printf(&label, tail.whole ? "all of %s:" : "last lines of %s:", name);
        account->tell(account->context, RB_FAILURE_LABEL, rb_buf_text(&label));
    }
    for (int i = 0; i < tail.count; i++)
        account->tell(account->context, RB_FAILURE_OUTPUT, tail.lines[i]);
    bool whole = tail.whole;
    rb_tail_done(&tail);
    return whole;
}

/* What has no blob yet is where the supervisor writes it. */
static bool log_path(const struct account *account, const char *stream, struct rb_buf *out,
                     int64_t *ret_bytes, int64_t *ret_lost)
{
    const struct rb_value *reference = rb_value_get(account->frame->result, stream);
    const char *hex = rb_blob_hex(reference);
    rb_words_text(out, account->place->run_path);
    if (hex) {
        rb_buf_printf(out, "/blobs/sha256/%s", hex);
        *ret_bytes = rb_value_get_int(reference, "bytes", 0);
        *ret_lost = rb_value_get_int(reference, "lost", 0);
        return true;
    }
    struct rb_tail tail;
    rb_tail_read(account->place->run_dir, account->dir, stream, 1, &tail);
    *ret_bytes = tail.total;
    *ret_lost = 0;
    rb_tail_done(&tail);
    rb_buf_puts(out, "/steps/");
    rb_words_text(out, account->dir);
    rb_buf_printf(out, "/%s", stream);
    return *ret_bytes > 0;
}

static void tell_log(const struct account *account, const char *stream, const char *name)
{
    RB_AUTO_BUF struct rb_buf label = {0}, path = {0};
    int64_t bytes, lost;
    if (!log_path(account, stream, &path, &bytes, &lost))
        return;
    rb_buf_printf(&label, "all of %s, ", name);
    rb_words_bytes(&label, bytes);
    if (lost > 0) {
        rb_buf_puts(&label, " without ");
        rb_words_bytes(&label, lost);
        rb_buf_puts(&label, " of its middle");
    }
    rb_buf_puts(&label, ":");
    account->tell(account->context, RB_FAILURE_LABEL, rb_buf_text(&label));
    account->tell(account->context, RB_FAILURE_PATH, rb_buf_text(&path));
}

void rb_failure_lines(const struct rb_frame *frame, int attempt,
                      const struct rb_failure_place *place, rb_failure_tell *tell,
                      void *context)
{
    RB_AUTO_BUF struct rb_buf dir = {0};
    rb_buf_printf(&dir, "%s.%d", frame->key, attempt);
    const struct account account = {.frame = frame,
                                    .place = place,
                                    .tell = tell,
                                    .context = context,
                                    .dir = rb_buf_text(&dir)};
    const char *out =
        rb_value_get(frame->result, "status") ? "the answer" : "standard output";
    tell_checks(&account);
    tell_server(&account);
    bool whole_out = tell_tail(&account, "out", out);
    bool whole_err = tell_tail(&account, "err", "standard error");
    if (!whole_out)
        tell_log(&account, "out", out);
    if (!whole_err)
        tell_log(&account, "err", "standard error");
}
