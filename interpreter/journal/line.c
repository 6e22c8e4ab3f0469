#include "journal/line.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "journal/link.h"

static const char tag[] = "runbook.journal.v1";

enum { FORMAT = 1, TIME_LENGTH = 27, ENVELOPE_MAX = 320 };
#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

/* What stands between the members, which come in the order of their keys. */
#define BEFORE_D      "{\"d\":"
#define BEFORE_MONO   ",\"mono\":"
#define BEFORE_PREV   ",\"prev\":\""
#define BEFORE_SEQ    "\",\"seq\":"
#define BEFORE_T      ",\"t\":\""
#define BEFORE_TYPE   "\",\"type\":\""
#define BEFORE_FORMAT "\",\"v\":"
#define BEFORE_WRITER ",\"w\":"

void rb_record_done(struct rb_record *record)
{
    rb_value_unref(record->event.d);
    *record = (struct rb_record){0};
}

static void put_number(const char *before, int64_t number, struct rb_buf *out)
{
    rb_buf_puts(out, before);
    rb_buf_put_int(out, number);
}

void rb_line_encode(struct rb_record *record, struct rb_buf *out)
{
    const struct rb_event *event = &record->event;
    assert(rb_value_is(event->d, RB_MAP));
    size_t start = out->length;
    char t[TIME_LENGTH + 1];
    rb_time_format(event->utc, t);
    rb_buf_puts(out, BEFORE_D);
    rb_json_encode(event->d, out);
    put_number(BEFORE_MONO, event->mono, out);
    rb_buf_puts(out, BEFORE_PREV);
    rb_buf_puts(out, record->prev);
    put_number(BEFORE_SEQ, record->seq, out);
    rb_buf_puts(out, BEFORE_T);
    rb_buf_puts(out, t);
    rb_buf_puts(out, BEFORE_TYPE);
    rb_buf_puts(out, rb_event_name(event->type));
    put_number(BEFORE_FORMAT, FORMAT, out);
    put_number(BEFORE_WRITER, record->writer, out);
    rb_link_close(tag, out, start, record->hash);
}

/* Goes through a line; each step is taken only where it finds exactly what would be written. */
struct cursor {
    const char *at, *end;
};

static bool take_text(struct cursor *cursor, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(cursor->end - cursor->at) < length ||
        memcmp(cursor->at, text, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static bool take_number(struct cursor *cursor, const char *before, int64_t *ret_number)
{
    if (!take_text(cursor, before))
        return false;
    const char *start = cursor->at;
    int64_t number = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        number = number * 10 + (*cursor->at++ - '0');
        if (number > NUMBER_MAX)
            return false;
    }
    size_t digits = (size_t)(cursor->at - start);
    *ret_number = number;
    return digits > 0 && (digits == 1 || *start != '0');
}

/* Copies `length` bytes as a text: one that holds a NUL would read as a shorter one. */
static bool take_bytes(struct cursor *cursor, const char *before, size_t length, char *ret)
{
    if (!take_text(cursor, before) || (size_t)(cursor->end - cursor->at) < length ||
        memchr(cursor->at, '\0', length))
        return false;
    memcpy(ret, cursor->at, length);
    ret[length] = '\0';
    cursor->at += length;
    return true;
}

static bool take_hash(struct cursor *cursor, char ret_hash[RB_HASH_HEX + 1])
{
    return take_bytes(cursor, BEFORE_PREV, RB_HASH_HEX, ret_hash) &&
           strspn(ret_hash, "0123456789abcdef") == RB_HASH_HEX;
}

/* Of the forms that rb_time_parse reads only one is that long and ends so. */
static bool take_time(struct cursor *cursor, rb_time *ret_utc)
{
    char t[TIME_LENGTH + 1];
    return take_bytes(cursor, BEFORE_T, TIME_LENGTH, t) && t[TIME_LENGTH - 1] == 'Z' &&
           rb_time_parse(t, ret_utc);
}

static bool take_type(struct cursor *cursor, char ret_name[ENVELOPE_MAX])
{
    if (!take_text(cursor, BEFORE_TYPE))
        return false;
    const char *quote = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
    return quote && quote - cursor->at < ENVELOPE_MAX &&
           take_bytes(cursor, "", (size_t)(quote - cursor->at), ret_name);
}

static bool fail_form(struct rb_error *err)
{
    return rb_fail(err, RB_ERR_RECORD, "is not written in the canonical form");
}

/* All members but the payload. */
static bool take_envelope(struct cursor *cursor, struct rb_record *record,
                          struct rb_error *err)
{
    char type[ENVELOPE_MAX];
    int64_t format = 0, writer = 0;
    if (!take_number(cursor, BEFORE_MONO, &record->event.mono) ||
        !take_hash(cursor, record->prev) ||
        !take_number(cursor, BEFORE_SEQ, &record->seq) ||
        !take_time(cursor, &record->event.utc) || !take_type(cursor, type) ||
        !take_number(cursor, BEFORE_FORMAT, &format))
        return fail_form(err);
    if (format != FORMAT)
        return rb_fail(err, RB_ERR_RECORD,
                       "is of format %" PRId64 ", and this program reads %d", format,
                       FORMAT);
    if (!take_number(cursor, BEFORE_WRITER, &writer) || writer < 1 || writer > INT_MAX ||
        cursor->at != cursor->end)
        return fail_form(err);
    record->writer = (int)writer;
    record->event.type = rb_event_find(type);
    return record->event.type != RB_EV_COUNT ||
           rb_fail(err, RB_ERR_RECORD,
                   "is of type \"%.60s\", which this program does not know", type);
}

/* The payload, whose own form shows in the bytes it gives when it is encoded again. */
static bool take_payload(struct cursor *cursor, const struct rb_value **ret_d,
                         struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *d = NULL;
    RB_AUTO_BUF struct rb_buf again = {0};
    size_t length = (size_t)(cursor->end - cursor->at);
    if (!rb_json_decode(cursor->at, length, &d, err)) {
        if (err)
            err->code = RB_ERR_RECORD;
        return rb_error_prefix(err, "is not the JSON of a journal");
    }
    rb_json_encode(d, &again);
    if (!rb_value_is(d, RB_MAP) || again.length != length ||
        memcmp(again.data, cursor->at, length) != 0)
        return fail_form(err);
    *ret_d = rb_value_ref(d);
    return true;
}

/* Where the payload ends: nothing behind it can look like the member that follows it. */
static const char *envelope_of(const char *body, size_t length)
{
    size_t size = strlen(BEFORE_MONO),
           lowest = length > ENVELOPE_MAX ? length - ENVELOPE_MAX : 0;
    for (size_t at = length; at-- > lowest;) {
        if (length - at >= size && memcmp(body + at, BEFORE_MONO, size) == 0)
            return body + at;
    }
    return NULL;
}

static bool check_link(const char *line, size_t length, size_t *ret_body,
                       char ret_hash[RB_HASH_HEX + 1], struct rb_error *err)
{
    switch (rb_link_check(tag, line, length, ret_body, ret_hash)) {
    case RB_LINK_MISSING:
        return rb_fail(err, RB_ERR_RECORD,
                       "was edited: it is not a line of a journal, its end is not a hash");
    case RB_LINK_BROKEN:
        return rb_fail(err, RB_ERR_RECORD, "was edited: its hash does not match");
    case RB_LINK_HOLDS:
        break;
    }
    return true;
}

bool rb_line_decode(const char *line, size_t length, struct rb_record *ret_record,
                    struct rb_error *err)
{
    struct rb_record record = {0};
    size_t body = 0;
    if (!check_link(line, length, &body, record.hash, err))
        return false;
    const char *envelope = envelope_of(line, body);
    if (!envelope)
        return fail_form(err);
    struct cursor payload = {line, envelope}, rest = {envelope, line + body};
    if (!take_envelope(&rest, &record, err))
        return false;
    if (!take_text(&payload, BEFORE_D))
        return fail_form(err);
    if (!take_payload(&payload, &record.event.d, err))
        return false;
    *ret_record = record;
    return true;
}
