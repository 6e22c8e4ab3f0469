#include "effects/drivers.h"

#include <string.h>

#include "effects/notes.h"

/* A supervisor may die; if one after the other is lost, something else is wrong. */
enum { LOSSES_MAX = 3 };

struct rb_drivers {
    struct rb_drivers_options o;
    struct rb_supervisor *supervisor; /* NULL: not needed so far, or lost */
    struct rb_services *services;
    struct rb_errands *errands;
    /* What earlier interpreters noted, they noted since this machine was booted. Asked first of
     * all: the first request of ours makes the notes those of this boot. */
    bool same_boot;
    uv_timer_t mend;
    int losses;   /* of supervisors, since one has answered */
    bool stopped; /* the record takes nothing any more */
};

static void settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct rb_drivers *drivers = context;
    drivers->losses = 0;
    drivers->o.settled(drivers->o.context, dir, outcome);
}

static void several(void *context)
{
    const struct rb_drivers *drivers = context;
    drivers->o.several(drivers->o.context);
}

static void no_more(void *context)
{
    const struct rb_drivers *drivers = context;
    drivers->o.no_more(drivers->o.context);
}

static void unasked(void *context, const char *why)
{
    struct rb_drivers *drivers = context;
    drivers->o.unasked(drivers->o.context, why);
}

static void broke(struct rb_drivers *drivers, const struct rb_error *err)
{
    drivers->o.broke(drivers->o.context, err);
}

/* The supervisor */

static void mend(uv_timer_t *timer)
{
    struct rb_drivers *drivers = timer->data;
    struct rb_error err = {0};
    rb_supervisor_close(drivers->supervisor);
    drivers->supervisor = NULL;
    if (++drivers->losses <= LOSSES_MAX) {
        drivers->o.lost(drivers->o.context);
        return;
    }
    rb_fail(&err, RB_ERR_PROTOCOL, "%d supervisors in a row were lost", LOSSES_MAX);
    broke(drivers, &err);
}

/* The supervisor is gone with something under way. Not from within its own call: it is closed
 * and another opened. */
static void lost(void *context, const char *dir)
{
    struct rb_drivers *drivers = context;
    (void)dir;
    uv_timer_start(&drivers->mend, mend, 0, 0);
}

static bool open_supervisor(struct rb_drivers *drivers)
{
    const struct rb_supervisor_events events = {.context = drivers,
                                                .settled = settled,
                                                .several = several,
                                                .no_more = no_more,
                                                .lost = lost};
    struct rb_error err = {0};
    if (drivers->supervisor || rb_supervisor_open(drivers->o.loop, drivers->o.run, &events,
                                                  &drivers->supervisor, &err))
        return true;
    broke(drivers, &err);
    return false;
}

/* What became of a process whose intent is on record, when nobody has told us. */
static void find_process(struct rb_drivers *drivers, const struct rb_value *request,
                         bool same_boot)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    RB_AUTO_VALUE const struct rb_value *outcome = NULL;
    if (!open_supervisor(drivers))
        return;
    switch (rb_supervisor_find(drivers->supervisor, request, same_boot, &outcome)) {
    case RB_FOUND_RUNNING:
        drivers->o.adopted(drivers->o.context, dir);
        break;
    case RB_FOUND_ENDED:
        drivers->o.settled(drivers->o.context, dir, outcome);
        break;
    case RB_FOUND_UNSTARTED:
        drivers->o.undone(drivers->o.context, dir);
        break;
    case RB_FOUND_DOUBT:
        drivers->o.doubtful(drivers->o.context, dir,
                            "it was started, and nothing says whether it ended");
        break;
    }
}

/* Requests, once their secrets are here */

static bool is_service(enum rb_effect_kind kind)
{
    return kind == RB_EFFECT_HTTP || kind == RB_EFFECT_SQL || kind == RB_EFFECT_MAIL;
}

static void ask_service(struct rb_drivers *drivers, const struct rb_errand *errand)
{
    struct rb_error err = {0};
    const struct rb_secrets *secrets = rb_vault_secrets(drivers->o.vault);
    bool good = errand->resumed
                    ? rb_services_find(drivers->services, errand->kind, errand->request,
                                       errand->note, drivers->same_boot, secrets, &err)
                    : rb_services_run(drivers->services, errand->kind, errand->request,
                                      secrets, &err);
    if (!good)
        broke(drivers, &err);
}

static const struct rb_value *without_secret(enum rb_effect_kind kind, const char *why)
{
    if (!is_service(kind))
        return rb_value_map("spawn_error", rb_value_text("ENOKEY"), "what",
                            rb_value_text(why), NULL);
    return rb_value_map("error",
                        rb_value_map("code", rb_value_text("unsent"), "message",
                                     rb_value_text(why), "sent", rb_value_text("no"), NULL),
                        "sent", rb_value_text("no"), NULL);
}

void rb_drivers_stop(struct rb_drivers *drivers)
{
    drivers->stopped = true;
}

static void ready(void *context, const struct rb_errand *errand, const char *why)
{
    struct rb_drivers *drivers = context;
    struct rb_error err = {0};
    const char *dir = rb_value_get_text(errand->request, "dir", "");
    if (drivers->stopped)
        return;
    if (why && errand->resumed) {
        drivers->o.doubtful(drivers->o.context, dir, why);
    } else if (why) {
        RB_AUTO_VALUE const struct rb_value *outcome = without_secret(errand->kind, why);
        settled(drivers, dir, outcome);
    } else if (is_service(errand->kind)) {
        ask_service(drivers, errand);
    } else if (open_supervisor(drivers) &&
               !rb_supervisor_run(drivers->supervisor, errand->request,
                                  rb_vault_secrets(drivers->o.vault), &err)) {
        lost(drivers, NULL);
    }
}

bool rb_drivers_is_new(struct rb_drivers *drivers, const char *dir)
{
    return drivers->supervisor ? rb_supervisor_is_new(drivers->supervisor, dir)
                               : !rb_note_any(drivers->o.run->dir, dir);
}

bool rb_drivers_ask(struct rb_drivers *drivers, enum rb_effect_kind kind,
                    const struct rb_value *request)
{
    if (!is_service(kind) && !open_supervisor(drivers))
        return false;
    rb_errands_add(drivers->errands, &(struct rb_errand){.kind = kind, .request = request});
    return true;
}

void rb_drivers_find(struct rb_drivers *drivers, enum rb_effect_kind kind,
                     const struct rb_value *request, const struct rb_value *note)
{
    if (is_service(kind))
        rb_errands_add(drivers->errands, &(struct rb_errand){.kind = kind,
                                                             .request = request,
                                                             .note = note,
                                                             .resumed = true});
    else
        find_process(drivers, request, drivers->same_boot);
}

/* It was begun, or adopted, by us. */
void rb_drivers_look_again(struct rb_drivers *drivers, const struct rb_value *request)
{
    find_process(drivers, request, true);
}

bool rb_drivers_end(struct rb_drivers *drivers, enum rb_effect_kind kind, const char *dir)
{
    if (rb_errands_drop(drivers->errands, dir))
        return false;
    if (is_service(kind))
        rb_services_end(drivers->services, kind, dir);
    else if (drivers->supervisor)
        rb_supervisor_end(drivers->supervisor, dir);
    return true;
}

void rb_drivers_release(struct rb_drivers *drivers, const struct rb_value *release)
{
    rb_services_release(drivers->services, rb_value_get_text(release, "dir", ""),
                        rb_value_get_bool(release, "commit", false));
}

/* What can't be told is doubt. */
static bool is_same_boot(const struct rb_run *run)
{
    struct rb_error unknown;
    bool same = false;
    return rb_note_same_boot(run->dir, &same, &unknown) && same;
}

struct rb_drivers *rb_drivers_new(const struct rb_drivers_options *options)
{
    struct rb_drivers *drivers = rb_alloc(sizeof *drivers);
    drivers->o = *options;
    drivers->same_boot = options->recall && is_same_boot(options->run);
    const struct rb_services_events services = {.context = options->context,
                                                .settled = options->settled,
                                                .noted = options->noted,
                                                .undone = options->undone,
                                                .doubtful = options->doubtful};
    const struct rb_errands_events errands = {
        .context = drivers, .ready = ready, .unasked = unasked};
    drivers->services = rb_services_new(options->loop, options->run->dir, &services);
    drivers->errands = rb_errands_new(options->vault, options->recall, &errands);
    uv_timer_init(options->loop, &drivers->mend);
    drivers->mend.data = drivers;
    return drivers;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rb_drivers_free(struct rb_drivers *drivers)
{
    if (!drivers)
        return;
    rb_errands_free(drivers->errands);
    rb_supervisor_close(drivers->supervisor);
    rb_services_free(drivers->services);
    uv_close((uv_handle_t *)&drivers->mend, closed);
}
