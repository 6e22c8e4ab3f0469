#pragma once
/* A real PostgreSQL of one's own, a run's folder, a loop, and the driver to try on them. */

#include <uv.h>

#include "effects/sql.h"

struct sql_server {
    pid_t pid; /* of what started it, and ends with our end of the pipe */
    int pipe;
    int port;
    char password[64];
};

/* By tests/tools/pg.py: a cluster in a temporary folder, on a free port. */
void sql_server_start(struct sql_server *server);
void sql_server_stop(struct sql_server *server);

struct sql_scene {
    const struct sql_server *server;
    int port; /* the server's, or a proxy's before it */
    char path[64];
    int dir;
    uv_loop_t loop;
    uv_timer_t alarm;
    struct rb_sql *sql;
    struct rb_map_builder outcomes; /* by folder */
    const struct rb_value *outcome; /* the last one; borrowed */
    const struct rb_value *note;    /* the last one */
    int settled_count, noted_count;
    bool holds;  /* what is noted is not gone on with */
    bool closes; /* the next event closes the driver, which is then opened anew */
    bool timed_out;
    int made; /* folders of statements of the test's own */
};

void sql_scene_open(struct sql_scene *scene, const struct sql_server *server);
void sql_scene_close(struct sql_scene *scene);

/* Requests, owned: a list of statements (texts, ended by NULL) in one transaction. */
const struct rb_value *sql_request(const struct sql_scene *scene, const char *dir, ...)
    __attribute__((sentinel));
const struct rb_value *sql_bound(const struct sql_scene *scene, const char *dir,
                                 const char *text, const struct rb_value *owned_params);
const struct rb_value *sql_with(const struct rb_value *owned, const char *key,
                                const struct rb_value *owned_member);
/* The connection of requests, under this name; owned. */
const struct rb_value *sql_connection(const struct sql_scene *scene, const char *name);
/* A request over another connection, or with one more parameter of it; owned. */
const struct rb_value *sql_over(const struct rb_value *owned, const char *key,
                                const struct rb_value *owned_param);

void sql_send(struct sql_scene *scene, const struct rb_value *owned);
/* Runs the loop until so many have settled, or were noted, since the scene was opened. */
void sql_wait_settled(struct sql_scene *scene, int count);
void sql_wait_noted(struct sql_scene *scene, int count);
/* Until this one has settled; its outcome is borrowed. */
const struct rb_value *sql_wait_for(struct sql_scene *scene, const char *dir);
/* Both; the outcome is borrowed. */
const struct rb_value *sql_run(struct sql_scene *scene, const struct rb_value *owned);
const struct rb_value *sql_outcome_of(const struct sql_scene *scene, const char *dir);

/* For what a test needs besides: a statement that has to work, and the text in the first column of
 * its first row ("" for null or no row). Freed by the caller. */
char *sql_value(struct sql_scene *scene, const char *text);
void sql_exec(struct sql_scene *scene, const char *text);
/* Runs the loop until the query answers `expected`. */
void sql_await(struct sql_scene *scene, const char *text, const char *expected);

/* The bytes of a blob of a member of result `index`; "" where there is none. Freed by the caller. */
char *sql_blob(struct sql_scene *scene, const struct rb_value *outcome, size_t index,
               const char *member);
/* A member of the outcome's error, "" where there is none. */
const char *sql_error(const struct rb_value *outcome, const char *member);
void sql_assert_good(const struct rb_value *outcome);
bool sql_has_file(const struct sql_scene *scene, const char *name);
