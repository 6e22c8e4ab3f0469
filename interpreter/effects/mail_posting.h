#pragma once
/* A mail that the driver has under way: what is sent, what the server replied, how it ended.
 *
 * While its thread works, from rb_posting_start to rb_posting_join, all but `abandoned` and
 * `finished` is the thread's. */

#include <pthread.h>
#include <uv.h>

#include "base/duration.h"
#include "base/redact.h"
#include "effects/curl_api.h"
#include "effects/notes.h"

/* Where a run is, for its mails. */
struct rb_mail_place {
    struct rb_curl curl;
    int steps;        /* the folder of the steps */
    uv_async_t *done; /* told when a thread has finished; borrowed */
    char boot_id[RB_BOOT_ID + 1];
    const struct rb_redactor *redactor; /* borrowed; NULL: there are no secrets */
};

struct rb_posting {
    const struct rb_mail_place *place;
    const struct rb_value *request;
    const char *dir, *host, *port; /* of the request */
    bool asks;  /* no mail: whether the server would take one; nothing of it is noted */
    int folder; /* steps/<dir>; -1: not needed so far */

    CURL *easy; /* NULL: it was never sent */
    struct curl_slist *to;
    struct rb_buf letter;
    size_t at;   /* what libcurl has taken of it */
    bool begun;  /* the note says so */
    bool all;    /* libcurl has all of it: the dot that ends it may have left */
    bool judged; /* and the server has replied to that */
    bool
        unnoted; /* its start is not: notes that are there are another's, and none is made */

    struct rb_buf reply; /* the last one, as it came */
    bool replied;        /* its last line is there */
    int status;          /* its number; 0: there was none */
    char remote[80];
    const struct rb_value *tls;

    pthread_t thread;
    bool abandoned, finished; /* atomic: nobody waits for it; there is a result */
    CURLcode result;

    rb_time began;    /* monotonic; 0: not begun */
    const char *code; /* why it was not delivered, or is in doubt; NULL: it was so far */
    struct rb_error why;
    bool killed;
    struct rb_posting *prev, *next; /* of the driver's lists */
};

struct rb_posting *rb_posting_new(const struct rb_mail_place *place,
                                  const struct rb_value *request);
void rb_posting_free(struct rb_posting *posting);

/* Sets why it was not delivered; the first reason stays. False. */
bool rb_posting_fail(struct rb_posting *posting, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Checks it, writes the letter and sets up the transfer. False when it can't be sent, and why is
 * set. */
bool rb_posting_prepare(struct rb_posting *posting);

/* Begins the transfer. False when it can't, and why is set. */
bool rb_posting_start(struct rb_posting *posting);
bool rb_posting_is_finished(const struct rb_posting *posting);
/* Ends the transfer within a second or two, whatever its server does. */
void rb_posting_abandon(struct rb_posting *posting);
/* Waits for the thread and sets how the transfer ended. */
void rb_posting_join(struct rb_posting *posting);

/* Notes the outcome, a new reference. */
const struct rb_value *rb_posting_settle(struct rb_posting *posting);
