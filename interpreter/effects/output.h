#pragma once
/* An output stream of a child, or the body of an answer: without the secrets that are known, into a
 * file of its step's folder, with a digest.
 *
 * <name> takes the first half of the cap, <name>.tail is a ring over the last half of what
 * comes after it, and is appended at the end. So memory stays flat, and what was printed last
 * can be shown all along. */

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/redact.h"
#include "base/value.h"
#include "effects/hasher.h"

struct rb_output {
    int pipe;         /* the end to read, not blocking; -1: it ended */
    int folder;       /* borrowed; -1: `folder_of` has it when it is needed */
    const char *name; /* "out" or "err" */
    int file, ring;   /* -1: not needed so far */
    int64_t head_cap, ring_cap;
    int64_t hold;       /* so many bytes may stay in memory; 0: none (any more) */
    struct rb_buf held; /* in place of the file */
    int (*folder_of)(void *context);
    void *context;
    const struct rb_redactor *redactor; /* borrowed; NULL: there are no secrets */
    struct rb_redaction redaction;
    struct rb_buf clean; /* what it gave of the piece at hand */
    int64_t total;       /* bytes that came */
    int64_t kept;        /* bytes in the file */
    int64_t ringed;      /* bytes that went through the ring */
    struct rb_digest *digest;
    struct rb_hasher *hasher; /* of much output: it has the digest then */
    bool busy;                /* much comes: the pipe is larger, the digest has a thread */
    bool full;                /* writing failed: from here on all is lost, and counted */
};

void rb_output_init(struct rb_output *output, int folder, const char *name, int64_t cap);
void rb_output_done(struct rb_output *output); /* accepts one that ended */

/* Before anything comes. What has at most so many bytes in the end needs no file: most answers of
 * services are short, and making and removing files is most of what they would cost. `folder_of`
 * gives the folder, or -1, when there are more. */
void rb_output_hold(struct rb_output *output, int64_t most, int (*folder_of)(void *context),
                    void *context);

/* From here on these secrets are taken out. The redactor before may then be freed. */
void rb_output_redact(struct rb_output *output, const struct rb_redactor *redactor);

/* Takes what is readable, a few buffers at most; closes the pipe at its end. */
void rb_output_read(struct rb_output *output, char *buffer, size_t size);

/* Takes bytes that are already here; they were lost where `full` is set afterwards. */
void rb_output_put(struct rb_output *output, const char *bytes, size_t length);

/* For when nobody who was meant to write is left: takes what is in the pipe and closes it,
 * whoever may still hold its other end. */
void rb_output_drain(struct rb_output *output, char *buffer, size_t size);

/* Makes the file a blob of the run (synced). The reference; NULL when nothing came; without
 * "blob" when nothing could be kept. */
const struct rb_value *rb_output_settle(struct rb_output *output, int run_dir,
                                        const char *dir);
/* Instead: the file becomes `name` in its folder, synced, whatever was there before, with no
 * byte in it when nothing came. For an output whose cap is never reached. RB_ERR_IO when a byte
 * could not be written: then it is still to be discarded. */
bool rb_output_save(struct rb_output *output, const char *name,
                    char ret_hex[RB_DIGEST_HEX + 1], struct rb_error *err) RB_MUST_CHECK;
/* Removes what was written. */
void rb_output_discard(struct rb_output *output);

/* Appends the last `cap` bytes of a stream that is being written. False when there is none. */
bool rb_output_tail(int folder, const char *name, size_t cap, struct rb_buf *out,
                    int64_t *ret_total);
