#pragma once
/* A signed answer as a fact: the payload of approval.received, with what the core can't find out. */

#include "effects/signature.h"
#include "journal/store.h"
#include "parse/parse.h"

struct rb_received {
    const struct rb_run *run;
    const struct rb_document *document;
    const struct rb_value *created; /* payload of run.created, and its time */
    rb_time created_utc;
    const struct rb_value *question; /* the open one */
    const struct rb_signed *signed_;
    const struct rb_buf *revoked; /* that the signature was held against; NULL: none */
    enum rb_signature found;
    const char *why; /* where it is not sound */
    bool keep;       /* the blobs that it names */
};

/* A new reference in *ret_payload. */
bool rb_received_payload(const struct rb_received *received,
                         const struct rb_value **ret_payload,
                         struct rb_error *err) RB_MUST_CHECK;
