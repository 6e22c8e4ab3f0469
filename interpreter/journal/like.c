#include "journal/like.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"

struct look {
    char *step;
    int64_t seq;
    const struct rb_value *d; /* whole */
    UT_hash_handle hh;
};

struct rb_likes {
    struct look *looks; /* by step */
    int writer;         /* of the last record read; each writer begins anew */
};

struct rb_likes *rb_likes_new(void)
{
    return rb_alloc(sizeof(struct rb_likes));
}

static void free_look(struct look *look)
{
    rb_value_unref(look->d);
    free(look->step);
    free(look);
}

static void forget(struct rb_likes *likes, struct look *look)
{
    HASH_DEL(likes->looks, look);
    free_look(look);
}

static void forget_all(struct rb_likes *likes)
{
    struct look *look = likes->looks, *next;
    HASH_CLEAR(hh, likes->looks);
    for (; look; look = next) {
        next = look->hh.next;
        free_look(look);
    }
}

void rb_likes_free(struct rb_likes *likes)
{
    if (!likes)
        return;
    forget_all(likes);
    free(likes);
}

static struct look *look_of(const struct rb_likes *likes, const struct rb_value *d)
{
    const char *step = rb_value_get_text(d, "step", "");
    struct look *look = NULL;
    HASH_FIND_STR(likes->looks, step, look);
    return look;
}

static bool is_look(const struct rb_event *event)
{
    return event->type == RB_EV_EVAL_RESULT && rb_value_get_text(event->d, "step", NULL) &&
           strcmp(rb_value_get_text(event->d, "phase", ""), "gate") == 0;
}

/* A step that has ended does not look again. */
static void keep(struct rb_likes *likes, const struct rb_event *event, int64_t seq)
{
    bool looked = is_look(event);
    bool ended = event->type == RB_EV_STEP_PASSED || event->type == RB_EV_STEP_FAILED ||
                 event->type == RB_EV_STEP_SKIPPED;
    struct look *look = looked || ended ? look_of(likes, event->d) : NULL;
    if (looked && !look) {
        look = rb_alloc(sizeof *look);
        look->step = rb_strdup(rb_value_get_text(event->d, "step", ""));
        HASH_ADD_KEYPTR(hh, likes->looks, look->step, strlen(look->step), look);
    }
    if (looked) {
        look->seq = seq;
        rb_value_put(&look->d, event->d);
    } else if (look) {
        forget(likes, look);
    }
}

/* What differs */

static size_t length_of(const struct rb_value *value)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(value, &text);
    return text.length;
}

static bool has_form(const struct rb_value *a, const struct rb_value *b)
{
    bool maps = rb_value_is(a, RB_MAP) && rb_value_is(b, RB_MAP);
    bool lists = rb_value_is(a, RB_LIST) && rb_value_is(b, RB_LIST);
    size_t count = rb_value_count(a), same = 0;
    if (!(maps || lists) || count != rb_value_count(b))
        return false;
    while (maps && same < count &&
           rb_value_equal(rb_value_key_at(a, same), rb_value_key_at(b, same)))
        same++;
    return lists || same == count;
}

/* Appends the place of a member or item; returns what the path is to be cut to again. */
static size_t enter(struct rb_buf *path, const struct rb_value *holder, size_t at)
{
    size_t before = path->length;
    rb_buf_putc(path, '/');
    if (rb_value_is(holder, RB_LIST)) {
        rb_buf_put_int(path, (int64_t)at);
        return before;
    }
    const struct rb_value *key = rb_value_key_at(holder, at);
    const char *text = rb_value_as_text(key, "");
    for (size_t i = 0; i < rb_value_length(key); i++) {
        if (text[i] == '~' || text[i] == '/')
            rb_buf_puts(path, text[i] == '~' ? "~0" : "~1");
        else
            rb_buf_putc(path, text[i]);
    }
    return before;
}

static const struct rb_value *child(const struct rb_value *holder, size_t at)
{
    return rb_value_is(holder, RB_MAP) ? rb_value_member_at(holder, at)
                                       : rb_value_at(holder, at);
}

static void differ(const struct rb_value *a, const struct rb_value *b, struct rb_buf *path,
                   struct rb_map_builder *with)
{
    if (!has_form(a, b)) {
        if (!rb_value_equal(a, b))
            rb_map_addn(with, rb_buf_text(path), path->length, rb_value_ref(b));
        return;
    }
    for (size_t i = 0; i < rb_value_count(b); i++) {
        size_t before = enter(path, b, i);
        differ(child(a, i), child(b, i), path, with);
        path->length = before;
    }
}

/* Against the look before, a new reference; NULL: it is to be written as it is. */
static const struct rb_value *shortened(const struct look *look, const struct rb_value *d)
{
    struct rb_map_builder with = {0};
    RB_AUTO_BUF struct rb_buf path = {0};
    if (!look || !has_form(look->d, d))
        return NULL;
    differ(look->d, d, &path, &with);
    const struct rb_value *shorter = rb_value_map("like", rb_value_int(look->seq), "step",
                                                  rb_value_ref(rb_value_get(d, "step")),
                                                  "with", rb_map_end(&with), NULL);
    if (rb_value_depth(shorter) <= RB_LINE_DEPTH && length_of(shorter) < length_of(d))
        return shorter;
    rb_value_unref(shorter);
    return NULL;
}

const struct rb_value *rb_likes_shorten(struct rb_likes *likes,
                                        const struct rb_event *event, int64_t seq)
{
    const struct rb_value *shorter =
        is_look(event) ? shortened(look_of(likes, event->d), event->d) : NULL;
    keep(likes, event, seq);
    return shorter ? shorter : rb_value_ref(event->d);
}

/* Back again */

static const struct rb_value *replaced(const struct rb_value *value,
                                       const struct rb_value *with, struct rb_buf *path)
{
    const struct rb_value *other = rb_value_getn(with, rb_buf_text(path), path->length);
    bool map = rb_value_is(value, RB_MAP);
    struct rb_map_builder members = {0};
    struct rb_list_builder items = {0};
    if (other || !(map || rb_value_is(value, RB_LIST)))
        return rb_value_ref(other ? other : value);
    for (size_t i = 0; i < rb_value_count(value); i++) {
        size_t before = enter(path, value, i);
        const struct rb_value *now = replaced(child(value, i), with, path);
        path->length = before;
        if (map) {
            const struct rb_value *key = rb_value_key_at(value, i);
            rb_map_addn(&members, rb_value_as_text(key, ""), rb_value_length(key), now);
        } else {
            rb_list_add(&items, now);
        }
    }
    return map ? rb_map_end(&members) : rb_list_end(&items);
}

static bool restore(const struct rb_likes *likes, struct rb_record *record,
                    struct rb_error *err)
{
    const struct rb_value *d = record->event.d;
    int64_t seq = rb_value_get_int(d, "like", -1);
    const struct look *look = look_of(likes, d);
    RB_AUTO_BUF struct rb_buf path = {0};
    if (!look || look->seq != seq)
        return rb_fail(err, RB_ERR_RECORD,
                       "is like seq %" PRId64 ", which is not the look before it", seq);
    RB_AUTO_VALUE const struct rb_value *whole =
        replaced(look->d, rb_value_get(d, "with"), &path);
    RB_AUTO_VALUE const struct rb_value *again =
        rb_value_depth(whole) <= RB_LINE_DEPTH ? shortened(look, whole) : NULL;
    if (!rb_value_equal(again, d))
        return rb_fail(err, RB_ERR_RECORD,
                       "is not what would be written of a look like seq %" PRId64, seq);
    rb_value_put(&record->event.d, whole);
    return true;
}

/* What is whole has a phase. */
static bool is_shorter(const struct rb_event *event)
{
    return event->type == RB_EV_EVAL_RESULT && rb_value_get(event->d, "like") &&
           !rb_value_get(event->d, "phase");
}

bool rb_likes_restore(struct rb_likes *likes, struct rb_record *record,
                      struct rb_error *err)
{
    if (record->writer != likes->writer)
        forget_all(likes);
    likes->writer = record->writer;
    if (is_shorter(&record->event) && !restore(likes, record, err))
        return false;
    keep(likes, &record->event, record->seq);
    return true;
}
