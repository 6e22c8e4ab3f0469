#include "cli/history.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "cli/args.h"
#include "cli/called.h"
#include "core/core.h"
#include "effects/clock.h"

bool rb_history_store(const struct rb_args *args, struct rb_store **ret_store,
                      struct rb_error *err)
{
    return rb_store_open(rb_args_value(args, "store"), ret_store, err);
}

/* The stored copy is what runs, if it is what the record says it is. */
static bool read_source(const struct rb_history *h, const struct rb_value *source,
                        struct rb_buf *ret_text, struct rb_error *err)
{
    const char *name = rb_value_get_text(source, "name", "");
    char hex[RB_DIGEST_HEX + 1], digest[80];
    if (!rb_run_get(h->run, "sources", name, ret_text, err))
        return false;
    rb_digest_of(rb_buf_text(ret_text), ret_text->length, hex);
    snprintf(digest, sizeof digest, "sha256:%s", hex);
    if (strcmp(digest, rb_value_get_text(source, "sha256", "")) == 0)
        return true;
    return rb_fail(err, RB_ERR_RECORD,
                   "sources/%s was changed: its bytes have another digest than seq 0 has",
                   name);
}

bool rb_history_called(const struct rb_history *h, struct rb_called_files *called,
                       struct rb_error *err)
{
    const struct rb_value *sources = rb_value_get(h->created, "sources");
    for (size_t i = 1; i < rb_value_count(sources); i++) {
        const struct rb_value *source = rb_value_at(sources, i);
        const char *path = rb_value_get_text(source, "path", NULL);
        RB_AUTO_BUF struct rb_buf text = {0};
        if (!path)
            continue;
        if (!read_source(h, source, &text, err))
            return false;
        rb_called_add(called, path, &text);
    }
    return true;
}

/* The path is only for messages. */
static bool compile(struct rb_history *h, struct rb_error *err)
{
    const struct rb_value *source = rb_value_at(rb_value_get(h->created, "sources"), 0);
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_CLEANUP(rb_called_done) struct rb_called_files called = {0};
    if (!read_source(h, source, &text, err) || !rb_history_called(h, &called, err))
        return false;
    h->document = rb_called_compile(h->created, &text, &called, &h->diags);
    RB_AUTO_BUF struct rb_buf plan = {0};
    if (h->document->plan) {
        rb_plan_seal(h->document->plan);
        rb_buf_printf(&plan, "sha256:%s", h->document->plan->digest);
    }
    if (h->diags.errors == 0 &&
        strcmp(rb_buf_text(&plan), rb_value_get_text(h->created, "plan", "")) == 0)
        return true;
    const struct rb_value *engine = rb_value_get(h->created, "engine");
    return rb_fail(
        err, RB_ERR_INVALID,
        "this version makes another plan of the runbook than the run began with; "
        "use runbook %s",
        rb_value_get_text(engine, "version", "?"));
}

static bool first(struct rb_history *h, const struct rb_record *record,
                  struct rb_error *err)
{
    if (record->event.type != RB_EV_RUN_CREATED)
        return rb_fail(err, RB_ERR_RECORD, "the record does not begin with run.created");
    h->created = rb_value_ref(record->event.d);
    memcpy(h->first_hash, record->hash, sizeof h->first_hash);
    if (!compile(h, err))
        return false;
    h->state = rb_state_new(h->document->plan);
    return true;
}

/* A fact that nothing had asked for is no fact. What was decided is applied as it was recorded:
 * whether it follows is for replay to say. */
static bool take(struct rb_history *h, const struct rb_record *record, struct rb_error *err)
{
    const struct rb_event *event = &record->event;
    struct rb_input input = {event->type, event->d, event->utc, event->mono};
    struct rb_event taken;
    if (rb_event_is_fact(event->type)) {
        if (!rb_decide(h->state, &input, &taken)) {
            return rb_fail(err, RB_ERR_RECORD, "seq %lld: %s, which nothing had asked for",
                           (long long)record->seq, rb_event_name(event->type));
        }
        rb_value_unref(taken.d);
    }
    rb_apply(h->state, event);
    return true;
}

static bool fold(struct rb_history *h, bool whole, rb_history_watch *watch, void *context,
                 struct rb_error *err)
{
    const struct rb_record *record;
    while (whole || !h->state) {
        switch (rb_reader_next(h->reader, &record, err)) {
        case RB_READ_RECORD:
            if (h->records++ == 0 && !first(h, record, err))
                return false;
            if (!take(h, record, err))
                return false;
            if (watch)
                watch(context, h->state, record);
            break;
        case RB_READ_BAD:
            return false;
        case RB_READ_TORN:
            h->torn = true;
            __attribute__((fallthrough));
        case RB_READ_END:
            return h->state || rb_fail(err, RB_ERR_OPEN,
                                       "the record of %s holds no whole event: the run was "
                                       "cut off before it began",
                                       h->run->id);
        }
    }
    return true;
}

static bool open_at(const struct rb_args *args, const char *id, enum rb_history_use use,
                    bool whole, rb_history_watch *watch, void *context,
                    struct rb_history *ret_history, struct rb_error *err)
{
    struct rb_history h = {0};
    if ((use == RB_HISTORY_READ || rb_clock_check(err)) &&
        rb_history_store(args, &h.store, err) && rb_run_open(h.store, id, &h.run, err) &&
        (use == RB_HISTORY_READ || rb_run_is_ours(h.store, h.run, err)) &&
        (use != RB_HISTORY_WRITE || rb_run_lock(h.run, err)) &&
        rb_reader_open(h.run->dir, &h.reader, err) &&
        fold(&h, whole, watch, context, err)) {
        *ret_history = h;
        return true;
    }
    rb_history_done(&h);
    return false;
}

bool rb_history_open(const struct rb_args *args, const char *id, enum rb_history_use use,
                     rb_history_watch *watch, void *context, struct rb_history *ret_history,
                     struct rb_error *err)
{
    return open_at(args, id, use, true, watch, context, ret_history, err);
}

bool rb_history_begin(const struct rb_args *args, const char *id,
                      struct rb_history *ret_history, struct rb_error *err)
{
    return open_at(args, id, RB_HISTORY_READ, false, NULL, NULL, ret_history, err);
}

void rb_history_done(struct rb_history *h)
{
    rb_reader_free(h->reader);
    rb_state_free(h->state);
    rb_document_free(h->document);
    rb_diags_done(&h->diags);
    rb_value_unref(h->created);
    rb_run_close(h->run);
    rb_store_close(h->store);
    *h = (struct rb_history){0};
}
