#include "base/redact.h"

#include "base/guarded.h"
#include "base/spelling.h"

struct rb_redactor {
    struct rb_automaton *plain, *wrapped; /* the latter of spellings that come in lines */
    struct rb_automaton
        *lower; /* what is left of a secret where the case of letters is lost */
    char **names;
    size_t count;
};

struct room {
    size_t plain, wrapped, lower;
};

static void measure(void *context, const char *bytes, size_t length, bool wraps)
{
    struct room *room = context;
    (void)bytes;
    *(wraps ? &room->wrapped : &room->plain) += length;
}

struct adding {
    struct rb_redactor *redactor;
    unsigned name;
};

static void add(void *context, const char *bytes, size_t length, bool wraps)
{
    const struct adding *adding = context;
    struct rb_redactor *redactor = adding->redactor;
    rb_automaton_add(wraps ? redactor->wrapped : redactor->plain, bytes, length,
                     adding->name);
}

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Of the text as it is: what is encoded with letters of both cases is worth nothing without them. */
static void add_lower(struct rb_redactor *redactor, const struct rb_secret *secret,
                      unsigned name)
{
    if (secret->length < RB_SPELLING_SHORTEST)
        return;
    char *word = rb_guarded_alloc(secret->length);
    for (size_t i = 0; i < secret->length; i++)
        word[i] = lower_of(secret->bytes[i]);
    rb_automaton_add(redactor->lower, word, secret->length, name);
    rb_guarded_free(word, secret->length);
}

static void add_all(struct rb_redactor *redactor, const struct rb_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        const struct rb_secret *secret = &secrets->items[i];
        struct adding adding = {redactor, (unsigned)i};
        redactor->names[i] = rb_strdup(secret->name);
        if (secret->unmasked)
            continue;
        rb_spellings(secret->bytes, secret->length, add, &adding);
        add_lower(redactor, secret, (unsigned)i);
    }
    rb_automaton_seal(redactor->plain);
    rb_automaton_seal(redactor->wrapped);
    rb_automaton_seal(redactor->lower);
}

struct rb_redactor *rb_redactor_new(const struct rb_secrets *secrets)
{
    struct room room = {0};
    for (size_t i = 0; i < secrets->count; i++) {
        const struct rb_secret *secret = &secrets->items[i];
        if (secret->unmasked)
            continue;
        rb_spellings(secret->bytes, secret->length, measure, &room);
        room.lower += secret->length;
    }
    if (room.plain == 0)
        return NULL;
    struct rb_redactor *redactor = rb_alloc(sizeof *redactor);
    redactor->plain = rb_automaton_new(room.plain, false);
    redactor->wrapped = rb_automaton_new(room.wrapped, true);
    redactor->lower = rb_automaton_new(room.lower, false);
    redactor->names = rb_alloc(secrets->count * sizeof *redactor->names);
    redactor->count = secrets->count;
    add_all(redactor, secrets);
    return redactor;
}

void rb_redactor_free(struct rb_redactor *redactor)
{
    if (!redactor)
        return;
    rb_automaton_free(redactor->plain);
    rb_automaton_free(redactor->wrapped);
    rb_automaton_free(redactor->lower);
    for (size_t i = 0; i < redactor->count; i++)
        free(redactor->names[i]);
    free(redactor->names);
    free(redactor);
}

static void cover(void *context, size_t start, size_t end, unsigned name)
{
    struct rb_redaction *stream = context;
    RB_GROW(stream->covers, stream->count, stream->capacity);
    stream->covers[stream->count++] = (struct rb_cover){start, end, end - start, name};
}

static int by_start(const void *left, const void *right)
{
    const struct rb_cover *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

/* Two that share a byte become one; two that only touch stay two. */
static void join(struct rb_redaction *stream)
{
    size_t kept = 0;
    if (stream->count > 1)
        qsort(stream->covers, stream->count, sizeof *stream->covers, by_start);
    for (size_t i = 0; i < stream->count; i++) {
        const struct rb_cover next = stream->covers[i];
        struct rb_cover *last = kept > 0 ? &stream->covers[kept - 1] : NULL;
        if (!last || next.start >= last->end) {
            stream->covers[kept++] = next;
            continue;
        }
        last->end = next.end > last->end ? next.end : last->end;
        if (next.longest > last->longest) {
            last->longest = next.longest;
            last->name = next.name;
        }
    }
    stream->count = kept;
}

/* What was held, and behind it the piece that came. */
struct window {
    const struct rb_buf *held;
    const char *bytes;
    size_t length; /* of both */
};

static void put(const struct window *window, size_t from, size_t to, struct rb_buf *out)
{
    size_t held = window->held->length;
    if (from < held) {
        size_t stop = to < held ? to : held;
        rb_buf_append(out, window->held->data + from, stop - from);
        from = stop;
    }
    if (from < to)
        rb_buf_append(out, window->bytes + (from - held), to - from);
}

/* Everything before `safe` is decided. A cover that goes on behind it may yet grow: it is held,
 * without its bytes. */
static void put_decided(const struct rb_redactor *redactor, struct rb_redaction *stream,
                        const struct window *window, size_t safe, struct rb_buf *out)
{
    size_t at = 0, done = 0;
    for (; done < stream->count && stream->covers[done].end <= safe; done++) {
        const struct rb_cover *covered = &stream->covers[done];
        put(window, at, covered->start, out);
        rb_buf_printf(out, "[secret:%s]", redactor->names[covered->name]);
        at = covered->end;
    }
    bool open = done < stream->count && stream->covers[done].start < safe;
    put(window, at, open ? stream->covers[done].start : safe, out);
    for (size_t i = done; i < stream->count; i++) {
        struct rb_cover *later = &stream->covers[i];
        later->start = later->start > safe ? later->start - safe : 0;
        later->end -= safe;
        stream->covers[i - done] = *later;
    }
    stream->count -= done;
}

static void wipe(struct rb_buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->capacity);
    rb_buf_done(buf);
}

static void hold(struct rb_redaction *stream, const struct window *window, size_t safe)
{
    struct rb_buf kept = {0};
    put(window, safe, window->length, &kept);
    wipe(&stream->held);
    stream->held = kept;
    rb_automaton_rebase(&stream->plain, safe);
    rb_automaton_rebase(&stream->wrapped, safe);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void rb_redact(const struct rb_redactor *redactor, struct rb_redaction *stream,
               const char *bytes, size_t length, struct rb_buf *out)
{
    if (!redactor) {
        rb_buf_append(out, bytes, length);
        return;
    }
    rb_automaton_search(redactor->plain, &stream->plain, bytes, length, cover, stream);
    rb_automaton_search(redactor->wrapped, &stream->wrapped, bytes, length, cover, stream);
    join(stream);
    const struct window window = {&stream->held, bytes, stream->held.length + length};
    size_t safe = least(rb_automaton_safe(redactor->plain, &stream->plain),
                        rb_automaton_safe(redactor->wrapped, &stream->wrapped));
    put_decided(redactor, stream, &window, safe, out);
    hold(stream, &window, safe);
}

void rb_redact_end(const struct rb_redactor *redactor, struct rb_redaction *stream,
                   struct rb_buf *out)
{
    const struct window window = {&stream->held, NULL, stream->held.length};
    if (redactor)
        put_decided(redactor, stream, &window, window.length, out);
    wipe(&stream->held);
    rb_search_done(&stream->plain);
    rb_search_done(&stream->wrapped);
    free(stream->covers);
    *stream = (struct rb_redaction){0};
}

void rb_redact_text(const struct rb_redactor *redactor, const char *bytes, size_t length,
                    struct rb_buf *out)
{
    struct rb_redaction stream = {0};
    rb_redact(redactor, &stream, bytes, length, out);
    rb_redact_end(redactor, &stream, out);
}

void rb_redact_name(const struct rb_redactor *redactor, const char *name, size_t length,
                    struct rb_buf *out)
{
    struct rb_redaction stream = {0};
    struct rb_search lower = {0};
    for (size_t i = 0; i < length; i++)
        rb_buf_putc(&stream.held, lower_of(name[i]));
    if (redactor) {
        const char *held = rb_buf_text(&stream.held);
        rb_automaton_search(redactor->plain, &stream.plain, name, length, cover, &stream);
        rb_automaton_search(redactor->wrapped, &stream.wrapped, name, length, cover,
                            &stream);
        rb_automaton_search(redactor->lower, &lower, held, length, cover, &stream);
        join(&stream);
        rb_search_done(&lower);
    } else {
        rb_buf_append(out, rb_buf_text(&stream.held), length);
    }
    rb_redact_end(redactor, &stream, out);
}

static const struct rb_value *redact_list(const struct rb_redactor *redactor,
                                          const struct rb_value *list)
{
    struct rb_list_builder builder = {0};
    for (size_t i = 0; i < rb_value_count(list); i++)
        rb_list_add(&builder, rb_redact_value(redactor, rb_value_at(list, i)));
    return rb_list_end(&builder);
}

static const struct rb_value *redact_map(const struct rb_redactor *redactor,
                                         const struct rb_value *map)
{
    struct rb_map_builder builder = {0};
    for (size_t i = 0; i < rb_value_count(map); i++) {
        const struct rb_value *key = rb_value_key_at(map, i);
        rb_map_addn(&builder, rb_value_as_text(key, ""), rb_value_length(key),
                    rb_redact_value(redactor, rb_value_member_at(map, i)));
    }
    return rb_map_end(&builder);
}

const struct rb_value *rb_redact_value(const struct rb_redactor *redactor,
                                       const struct rb_value *value)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!redactor)
        return rb_value_ref(value);
    switch (rb_value_kind(value)) {
    case RB_STRING:
        rb_redact_text(redactor, rb_value_as_text(value, ""), rb_value_length(value),
                       &text);
        return rb_value_string(rb_buf_text(&text), text.length);
    case RB_LIST:
        return redact_list(redactor, value);
    case RB_MAP:
        return redact_map(redactor, value);
    default:
        return rb_value_ref(value);
    }
}
