#pragma once
/* A request that the driver has under way: its hops, its body, what came back, how it ended. */

#include "base/duration.h"
#include "effects/address.h"
#include "effects/curl_api.h"
#include "effects/notes.h"
#include "effects/output.h"
#include "plan/origin.h"

/* Where a run is, for its requests. */
struct rb_http_place {
    struct rb_curl curl;
    int run_dir, steps;
    char boot_id[RB_BOOT_ID + 1];
    const struct rb_redactor *redactor; /* borrowed; NULL: there are no secrets */
};

struct rb_exchange {
    const struct rb_http_place *place;
    const struct rb_value *request;
    const char *dir; /* of the request */
    bool is_write;   /* it has notes, and its folder stays */
    int folder;      /* steps/<dir>; -1: not needed so far */

    CURL *easy; /* NULL: it was never sent */
    struct curl_slist *headers, *connect_to;
    struct rb_digest *signing; /* of a file that is to be signed, while it is read */
    char payload[RB_DIGEST_HEX + 1];
    int body; /* the file of the body, -1: none */
    int64_t body_size, body_at;

    /* The hop under way. */
    char *url;
    const char *method;
    struct rb_origin target;
    bool has_body;
    bool is_foreign;  /* another origin than the request's: what is secret stays behind */
    bool examined;    /* the headers of its answer are there */
    bool is_followed; /* its answer is a redirect that will be followed */
    enum rb_address_place first; /* where the request itself went */
    int64_t hops;

    bool sent;     /* there was a connection, in this hop or before: a byte may have left */
    bool hop_sent; /* in this one */
    bool
        unnoted; /* its start is not: notes that are there are another's, and none is made */
    char remote[80];
    const struct rb_value *tls;
    bool is_handshake;           /* nothing is sent: whom it leads to is the answer */
    const char *distrust;        /* why the other side was not trusted; static text */
    const struct rb_value *peer; /* what it showed; NULL: nothing so far */
    int64_t header_lines, header_bytes, received;
    struct rb_output out;
    char *part; /* the name of the file beside `to`; NULL: the body is kept in the run */
    int beside; /* its folder */
    const struct rb_value *saved;

    rb_time began;    /* monotonic, as all times here; 0: it never was its turn */
    const char *code; /* why there is no whole answer; NULL: there is one so far */
    struct rb_error why;
    bool killed;
    struct rb_exchange *prev, *next; /* of the driver's lists */
};

struct rb_exchange *rb_exchange_new(const struct rb_http_place *place,
                                    const struct rb_value *request);
void rb_exchange_free(struct rb_exchange *exchange);

/* Sets why there is no whole answer; the first reason stays. False. */
bool rb_exchange_fail(struct rb_exchange *exchange, const char *code, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

enum rb_exchange_turn { RB_EXCHANGE_FAILED, RB_EXCHANGE_READY, RB_EXCHANGE_BUSY };

/* Its turn has come: checks it, opens its files, sets up its first hop. BUSY: to be called again
 * after the loop has seen to others. */
enum rb_exchange_turn rb_exchange_prepare(struct rb_exchange *exchange);

/* A hop ended. True when another has been set up, on the same handle. */
bool rb_exchange_goes_on(struct rb_exchange *exchange, CURLcode result);

/* Keeps the body and notes the outcome, a new reference. */
const struct rb_value *rb_exchange_settle(struct rb_exchange *exchange);
/* Nobody waits for it any more, and nothing will be noted. */
void rb_exchange_discard(struct rb_exchange *exchange);

/* Opens its folder, unless it is open. */
bool rb_exchange_folder(struct rb_exchange *exchange, struct rb_error *err) RB_MUST_CHECK;
