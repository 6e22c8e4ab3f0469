#pragma once
/* A recorded run held in memory: its plan and its events. */

#include "core/core.h"
#include "journal/store.h"
#include "parse/parse.h"

struct tape {
    struct rb_document *document;
    struct rb_event *events;
    size_t count, capacity;
};

bool tape_read(struct rb_store *store, const char *run_id, struct tape *ret_tape,
               struct rb_error *err);
void tape_done(struct tape *tape);
