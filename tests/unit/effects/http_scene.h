#pragma once
/* A run's folder of its own, a loop, the driver of its requests, and a server to try them on. */

#include <uv.h>

#include "effects/http.h"
#include "effects/notes.h"

struct http_scene {
    char path[64]; /* of the run's folder */
    int run_dir;
    uv_loop_t loop;
    uv_timer_t alarm;
    struct rb_http *http;
    pid_t server;
    int port, other_port, tls_port;
    const struct rb_value *outcome; /* of the last request that settled */
    char settled[64];               /* its folder */
    int settled_count, awaited;
    bool timed_out;
    /* Called with the outcome, when set. */
    void (*watch)(struct http_scene *scene, const struct rb_value *outcome);
};

/* With the server of tests/tools, ended by http_scene_close; `arguments`, ended by NULL, are its
 * own. */
void http_scene_open(struct http_scene *scene, const char *const *arguments);
void http_scene_close(struct http_scene *scene);

/* The driver only, as a resumed interpreter opens it. */
void http_scene_attach(struct http_scene *scene);
void http_scene_detach(struct http_scene *scene);

/* A request to the server, `target` being a printf of all after the port. Owned. */
const struct rb_value *http_to(struct http_scene *scene, const char *method,
                               const char *target, ...)
    __attribute__((format(printf, 3, 4)));
/* To any URL. */
const struct rb_value *http_request(const char *method, const char *url);
/* With one more member, laid over what it has; owned. */
const struct rb_value *http_with(const struct rb_value *owned, const char *key,
                                 const struct rb_value *owned_member);

void http_send(struct http_scene *scene, const struct rb_value *owned);
/* Until so many more have settled; fails the test when that never comes. */
void http_wait(struct http_scene *scene, int count);
/* Both; the outcome is borrowed until the next. */
const struct rb_value *http_run(struct http_scene *scene, const struct rb_value *owned);

/* What the body of the outcome was; "" when there was none. Freed by the caller. */
char *http_body(struct http_scene *scene);
/* The same, of a JSON body. A new reference. */
const struct rb_value *http_json(struct http_scene *scene);
/* How often a path was asked for. */
long http_seen(struct http_scene *scene, const char *path);

/* Whether a file of a request's folder is there. */
bool http_has(struct http_scene *scene, const char *dir, const char *name);

/* The outcome has this status and is whole. */
void assert_status(struct http_scene *scene, int status);
/* It isn't whole, for this reason. */
void assert_error(struct http_scene *scene, const char *code, const char *sent);
