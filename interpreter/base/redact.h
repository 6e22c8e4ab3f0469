#pragma once
/* The one place where secrets are taken out of what a program, a server or the system said. Each
 * occurrence, in any spelling (base/spelling.h), gives way to `[secret:NAME]`; of those that
 * overlap all that they cover does, under the name of the longest.
 *
 * A redactor knows what to look for and is shared; a redaction is one stream, of any pieces. */

#include "base/automaton.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/value.h"

struct rb_redactor;

/* The values may be wiped afterwards. NULL when there is nothing to look for: no secret, or only
 * unmasked ones. The functions below accept that and change nothing. */
struct rb_redactor *rb_redactor_new(const struct rb_secrets *secrets);
void rb_redactor_free(struct rb_redactor *redactor); /* wipes; accepts NULL */

struct rb_cover {
    size_t start, end; /* offsets from the beginning of what is held */
    size_t longest;    /* of the occurrences in it */
    unsigned name;
};

/* Zeroed at the beginning of a stream. */
struct rb_redaction {
    struct rb_search plain, wrapped;
    struct rb_buf held;      /* may be the beginning of a secret */
    struct rb_cover *covers; /* of what is held, in order */
    size_t count, capacity;
};

/* Appends all that is decided by these bytes; what may begin a secret is held until more comes. */
void rb_redact(const struct rb_redactor *redactor, struct rb_redaction *stream,
               const char *bytes, size_t length, struct rb_buf *out);
/* Nothing follows: appends what was held. The stream is as new, its memory freed and wiped; that
 * is also how one is given up. */
void rb_redact_end(const struct rb_redactor *redactor, struct rb_redaction *stream,
                   struct rb_buf *out);
/* A text that is whole: a message of an error. */
void rb_redact_text(const struct rb_redactor *redactor, const char *bytes, size_t length,
                    struct rb_buf *out);

/* The name of a header, written in lower case, as it may have come: a secret in it is found also
 * where its letters have lost their case. */
void rb_redact_name(const struct rb_redactor *redactor, const char *name, size_t length,
                    struct rb_buf *out);

/* Every text in a value, but not the names of members, which are our own words: a secret may be
 * one of them. Names that others chose are for rb_redact_name. A new reference. */
const struct rb_value *rb_redact_value(const struct rb_redactor *redactor,
                                       const struct rb_value *value);
