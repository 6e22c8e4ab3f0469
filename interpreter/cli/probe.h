#pragma once
/* Asking the services of a runbook whether they are there, as its steps would ask them: with the
 * same requests, drivers and secrets, and reading only. */

#include "core/core.h"
#include "parse/parse.h"

/* One connection that is probed. */
struct rb_probe {
    const char *name;
    const char *what;                  /* for messages: with the call that it belongs to */
    int book;                          /* that it is declared in */
    const struct rb_value *connection; /* filled in */
    const struct rb_state
        *state;  /* as if its file were the one that is run, before the first step */
    int run_dir; /* where the drivers keep what came */
    int round;   /* from 1 */
    struct rb_list_builder seen; /* what a type keeps from one round to the next */
    bool over, good;
    bool
        absent; /* the run makes it: whoever should know is asked whether it is not there yet */
    const char
        *pooled; /* the step that needs a session, where only a pool of transactions is */
    struct rb_buf
        text; /* what was found, and what to do; may hold anything a service sent */
};

/* A type of connection. */
struct rb_probe_type {
    const char *type;
    enum rb_effect_kind kind; /* of its driver */
    /* "host:port/database": what it is a connection to, without any secret. */
    void (*target)(const struct rb_probe *probe, struct rb_buf *out);
    /* The request of this round, which is to have the folder `dir`. RB_ERR_INVALID. */
    bool (*ask)(const struct rb_probe *probe, const char *dir,
                const struct rb_value **ret_request, struct rb_error *err);
    /* Takes its outcome: sets `over`, `good` and `text`, or there is another round. */
    void (*judge)(struct rb_probe *probe, const struct rb_value *outcome);
};

extern const struct rb_probe_type rb_probe_http, rb_probe_prometheus, rb_probe_s3,
    rb_probe_slack, rb_probe_webhook, rb_probe_postgres, rb_probe_smtp;

/* Says that it is over: good or not, and why. */
void rb_probe_end(struct rb_probe *probe, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What was kept of an answer under this reference, at most `cap` bytes. */
void rb_probe_read(const struct rb_probe *probe, const struct rb_value *blob, size_t cap,
                   struct rb_buf *out);

/* Is it to be probed? */
typedef bool rb_probe_wanted(const struct rb_plan *plan, int book, const char *connection);

/* A step that needs a session of its own over this connection, or NULL. */
const char *rb_probe_holder(const struct rb_plan *plan, int book, const char *connection);

/* Probes the connections of the runbook, and of those that it calls with what is known before the run (`wanted` NULL: all) at the same time, each for half a minute at
 * most, and adds a finding {what, target, ok, pooled, text} for each of them in their order. The secrets that they need are
 * fetched; one that somebody has to type is not. Fails when the runbook's variables can't be worked
 * out, or for want of a folder. */
bool rb_probe_all(const struct rb_document *document, const struct rb_value *params,
                  rb_probe_wanted *wanted, struct rb_list_builder *findings,
                  struct rb_error *err) RB_MUST_CHECK;
