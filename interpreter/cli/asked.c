#include "cli/asked.h"

#include "core/override.h"
#include "journal/reader.h"

static bool is_it(const struct rb_record *record, int64_t q)
{
    return record->event.type == RB_EV_QUESTION_ASKED &&
           rb_value_get_int(record->event.d, "q", -1) == q;
}

bool rb_asked_find(const struct rb_run *run, int64_t q, struct rb_asked *ret_asked,
                   struct rb_error *err)
{
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_overrides overrides = {0};
    if (!rb_reader_open(run->dir, &reader, err))
        return false;
    enum rb_read got = rb_reader_next(reader, &record, err);
    while (got == RB_READ_RECORD && !is_it(record, q)) {
        rb_overrides_take(&overrides, &record->event);
        got = rb_reader_next(reader, &record, err);
    }
    bool found = got == RB_READ_RECORD;
    if (found) {
        ret_asked->seq = record->seq;
        memcpy(ret_asked->hash, record->hash, sizeof ret_asked->hash);
        ret_asked->question = rb_value_ref(record->event.d);
        ret_asked->overrides = rb_value_ref(overrides.list);
    }
    rb_overrides_done(&overrides);
    rb_reader_free(reader);
    return found || (got != RB_READ_BAD &&
                     rb_fail(err, RB_ERR_NOT_FOUND, "the record has no such question"));
}
