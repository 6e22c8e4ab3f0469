#include "effects/services.h"

#include <string.h>

#include "effects/http.h"
#include "effects/mail.h"
#include "effects/notes.h"
#include "effects/sql.h"
#include "plan/template.h"

struct rb_services {
    uv_loop_t *loop;
    int run_dir;
    struct rb_services_events events;
    struct rb_http *http; /* NULL: not needed so far */
    struct rb_sql *sql;   /* the same */
    struct rb_mail *mail; /* the same */
    /* One for each number of secrets so far: what is under way keeps the one it began with. */
    struct rb_redactor **redactors;
    size_t redactor_count, redactor_capacity, secret_count;
    bool same_boot; /* the notes are of this boot */
};

static void settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct rb_services *services = context;
    services->events.settled(services->events.context, dir, outcome);
}

static void noted(void *context, const char *dir, const struct rb_value *note)
{
    struct rb_services *services = context;
    services->events.noted(services->events.context, dir, note);
}

/* The rows of an interrupted transaction are lost; that it was done is not. */
static const struct rb_value *done_by_id(const struct rb_value *note,
                                         const struct rb_value *outcome)
{
    const struct rb_value *xid = rb_value_get(note, "xid");
    const struct rb_value *server = rb_value_get(outcome, "server");
    return rb_value_map("results", rb_value_list(NULL), "settled", rb_value_text("xid"),
                        "xid", rb_value_ref(xid), "server", rb_value_ref(server), NULL);
}

static void found_by_id(void *context, const char *dir, const struct rb_value *note,
                        const struct rb_value *outcome)
{
    struct rb_services *services = context;
    const char *status = rb_value_get_text(outcome, "xact_status", "");
    const char *why =
        rb_value_get_text(rb_value_get(outcome, "error"), "message",
                          "COMMIT was sent, and the database does not say whether it was "
                          "done");
    if (strcmp(status, "committed") == 0) {
        RB_AUTO_VALUE const struct rb_value *done = done_by_id(note, outcome);
        services->events.settled(services->events.context, dir, done);
    } else if (strcmp(status, "aborted") == 0) {
        rb_note_forget(services->run_dir, dir);
        services->events.undone(services->events.context, dir);
    } else {
        services->events.doubtful(services->events.context, dir, why);
    }
}

static bool open_http(struct rb_services *services, struct rb_error *err)
{
    const struct rb_http_events events = {.context = services, .settled = settled};
    return services->http ||
           rb_http_open(services->loop, services->run_dir, &events, &services->http, err);
}

static bool open_sql(struct rb_services *services, struct rb_error *err)
{
    const struct rb_sql_events events = {
        .context = services, .settled = settled, .noted = noted, .found = found_by_id};
    return services->sql ||
           rb_sql_open(services->loop, services->run_dir, &events, &services->sql, err);
}

static bool open_mail(struct rb_services *services, struct rb_error *err)
{
    const struct rb_mail_events events = {.context = services, .settled = settled};
    return services->mail ||
           rb_mail_open(services->loop, services->run_dir, &events, &services->mail, err);
}

struct rb_services *rb_services_new(uv_loop_t *loop, int run_dir,
                                    const struct rb_services_events *events)
{
    struct rb_services *services = rb_alloc(sizeof *services);
    *services = (struct rb_services){.loop = loop, .run_dir = run_dir, .events = *events};
    return services;
}

void rb_services_free(struct rb_services *services)
{
    if (!services)
        return;
    rb_http_close(services->http);
    rb_sql_close(services->sql);
    rb_mail_close(services->mail);
    while (services->redactor_count > 0)
        rb_redactor_free(services->redactors[--services->redactor_count]);
    free(services->redactors);
    free(services);
}

/* The request as the driver gets it, with values in place of names. */
static const struct rb_value *filled(const struct rb_value *value,
                                     const struct rb_secrets *secrets)
{
    const char *name = rb_template_secret(value);
    const struct rb_secret *secret = name ? rb_secrets_find(secrets, name) : NULL;
    if (secret)
        return rb_value_string(secret->bytes, secret->length);
    if (rb_value_is(value, RB_LIST)) {
        struct rb_list_builder list = {0};
        for (size_t i = 0; i < rb_value_count(value); i++)
            rb_list_add(&list, filled(rb_value_at(value, i), secrets));
        return rb_list_end(&list);
    }
    if (rb_value_is(value, RB_MAP)) {
        struct rb_map_builder map = {0};
        for (size_t i = 0; i < rb_value_count(value); i++)
            rb_map_add(&map, rb_value_as_text(rb_value_key_at(value, i), ""),
                       filled(rb_value_member_at(value, i), secrets));
        return rb_map_end(&map);
    }
    return rb_value_ref(value);
}

static const struct rb_redactor *redactor_of(struct rb_services *services,
                                             const struct rb_secrets *secrets)
{
    if (services->secret_count != secrets->count) {
        RB_GROW(services->redactors, services->redactor_count, services->redactor_capacity);
        services->redactors[services->redactor_count++] = rb_redactor_new(secrets);
        services->secret_count = secrets->count;
    }
    return services->redactor_count > 0 ? services->redactors[services->redactor_count - 1]
                                        : NULL;
}

/* From the first request of this boot on, the notes tell what became of each. */
static bool trust_notes(struct rb_services *services, struct rb_error *err)
{
    if (!services->same_boot &&
        (!rb_note_same_boot(services->run_dir, &services->same_boot, err) ||
         (!services->same_boot && !rb_note_boot(services->run_dir, err))))
        return false;
    services->same_boot = true;
    return true;
}

bool rb_services_run(struct rb_services *services, enum rb_effect_kind kind,
                     const struct rb_value *request, const struct rb_secrets *secrets,
                     struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *live = filled(request, secrets);
    const struct rb_redactor *redactor = redactor_of(services, secrets);
    if (!trust_notes(services, err))
        return false;
    if (kind == RB_EFFECT_HTTP) {
        if (!open_http(services, err))
            return false;
        rb_http_redact(services->http, redactor);
        return rb_http_run(services->http, live, err);
    }
    if (kind == RB_EFFECT_MAIL) {
        if (!open_mail(services, err))
            return false;
        rb_mail_redact(services->mail, redactor);
        return rb_mail_run(services->mail, live, err);
    }
    if (!open_sql(services, err))
        return false;
    rb_sql_redact(services->sql, redactor);
    return rb_sql_run(services->sql, live, err);
}

void rb_services_release(struct rb_services *services, const char *dir, bool commit)
{
    if (services->sql && commit)
        rb_sql_go_on(services->sql, dir);
    else if (services->sql)
        rb_sql_undo(services->sql, dir);
}

void rb_services_end(struct rb_services *services, enum rb_effect_kind kind,
                     const char *dir)
{
    if (kind == RB_EFFECT_HTTP && services->http)
        rb_http_end(services->http, dir);
    if (kind == RB_EFFECT_SQL && services->sql)
        rb_sql_end(services->sql, dir);
    if (kind == RB_EFFECT_MAIL && services->mail)
        rb_mail_end(services->mail, dir);
}

/* Without a note on record no COMMIT was sent, so the server has taken all of it back. */
static bool find_transaction(struct rb_services *services, const struct rb_value *request,
                             const struct rb_value *note, const struct rb_secrets *secrets,
                             struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *connection =
        filled(rb_value_get(request, "connection"), secrets);
    const char *dir = rb_value_get_text(request, "dir", "");
    if (!note) {
        rb_note_forget(services->run_dir, dir);
        services->events.undone(services->events.context, dir);
        return true;
    }
    return open_sql(services, err) &&
           rb_sql_ask_xid(services->sql, connection, note, dir, err);
}

bool rb_services_find(struct rb_services *services, enum rb_effect_kind kind,
                      const struct rb_value *request, const struct rb_value *note,
                      bool same_boot, const struct rb_secrets *secrets,
                      struct rb_error *err)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    RB_AUTO_VALUE const struct rb_value *outcome = NULL;
    /* One that only reads is asked again. */
    enum rb_found found = RB_FOUND_UNSTARTED;
    if (strcmp(rb_value_get_text(request, "class", ""), "read") != 0)
        found = rb_note_find(services->run_dir, dir, same_boot, &outcome);
    if (found == RB_FOUND_ENDED)
        services->events.settled(services->events.context, dir, outcome);
    else if (found == RB_FOUND_UNSTARTED)
        services->events.undone(services->events.context, dir);
    else if (kind == RB_EFFECT_SQL && rb_value_get_bool(request, "transaction", true))
        return find_transaction(services, request, note, secrets, err);
    else
        services->events.doubtful(services->events.context, dir,
                                  "it was sent, and nothing says what was answered");
    return true;
}
