#include "cli/probe.h"

#include <string.h>

#include "base/text.h"
#include "cli/preview.h"
#include "cli/scratch.h"
#include "effects/errands.h"
#include "effects/loop.h"
#include "effects/services.h"
#include "journal/blob.h"

/* All of it, and one request of it. */
static const rb_time PATIENCE = 30 * RB_SEC;

static const struct rb_probe_type *const types[] = {
    &rb_probe_http,    &rb_probe_prometheus, &rb_probe_s3,   &rb_probe_slack,
    &rb_probe_webhook, &rb_probe_postgres,   &rb_probe_smtp,
};

/* A run of a file that is called, as its probes see it. Both borrow from the preview's. */
struct lens {
    struct rb_plan plan;
    struct rb_state state;
};

struct probing {
    struct rb_preview preview;
    struct rb_scratch *scratch;
    uv_loop_t loop;
    uv_timer_t deadline;
    struct rb_vault *vault;
    struct rb_services *services;
    struct rb_errands *errands;
    struct rb_probe *probes;
    size_t count, capacity;
    struct lens *lenses; /* per file of the plan */
};

void rb_probe_end(struct rb_probe *probe, bool good, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rb_buf_clear(&probe->text);
    rb_buf_vprintf(&probe->text, format, args);
    va_end(args);
    probe->over = true;
    probe->good = good;
}

void rb_probe_read(const struct rb_probe *probe, const struct rb_value *blob, size_t cap,
                   struct rb_buf *out)
{
    const char *hex = rb_blob_hex(blob);
    if (hex && !rb_blob_read(probe->run_dir, hex, 0, cap, out, NULL))
        rb_buf_clear(out);
}

static const struct rb_probe_type *type_of(const struct rb_probe *probe)
{
    const char *type = rb_value_get_text(probe->connection, "type", "");
    for (size_t i = 0; i < RB_COUNT(types); i++) {
        if (strcmp(types[i]->type, type) == 0)
            return types[i];
    }
    return NULL;
}

/* A secret of the request that somebody has to type, or NULL. */
static const char *typed_secret(const struct rb_plan *plan, const struct rb_value *request)
{
    RB_AUTO_VALUE const struct rb_value *names = rb_vault_names(request);
    for (size_t i = 0; i < rb_value_count(names); i++) {
        const char *name = rb_value_as_text(rb_value_at(names, i), "");
        for (int k = 0; k < plan->secret_count; k++) {
            if (strcmp(plan->secrets[k].name, name) == 0 &&
                rb_value_get(plan->secrets[k].source, "prompt"))
                return plan->secrets[k].name;
        }
    }
    return NULL;
}

/* The folder of a request names its probe: the index and the round. */
static void ask(struct probing *p, size_t index)
{
    struct rb_probe *probe = &p->probes[index];
    const struct rb_probe_type *type = type_of(probe);
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    RB_AUTO_VALUE const struct rb_value *dir =
        rb_value_textf("%zu.%d", index, ++probe->round);
    if (!type->ask(probe, rb_value_as_text(dir, ""), &request, &err)) {
        rb_probe_end(probe, false, "%s", err.message);
        return;
    }
    const struct rb_errand errand = {.kind = type->kind, .request = request};
    const char *secret = typed_secret(p->preview.state->plan, request);
    if (secret)
        rb_probe_end(probe, false,
                     "not tried: somebody has to type its secret `%s`, and only a run asks",
                     secret);
    else
        rb_errands_add(p->errands, &errand);
}

static bool all_over(const struct probing *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (!p->probes[i].over)
            return false;
    }
    return true;
}

static struct rb_probe *probe_of(const struct probing *p, const char *dir)
{
    return &p->probes[strtoul(dir, NULL, 10)];
}

static void settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct probing *p = context;
    struct rb_probe *probe = probe_of(p, dir);
    type_of(probe)->judge(probe, outcome);
    if (!probe->over)
        ask(p, (size_t)(probe - p->probes));
    if (all_over(p))
        uv_stop(&p->loop);
}

/* Nothing here writes, so nothing is noted or found again. */
static void not_awaited(void *context, const char *dir, const struct rb_value *note)
{
    (void)context, (void)dir, (void)note;
}

static void undone(void *context, const char *dir)
{
    not_awaited(context, dir, NULL);
}

static void doubtful(void *context, const char *dir, const char *why)
{
    (void)why;
    not_awaited(context, dir, NULL);
}

static void ready(void *context, const struct rb_errand *errand, const char *why)
{
    struct probing *p = context;
    struct rb_probe *probe = probe_of(p, rb_value_get_text(errand->request, "dir", ""));
    struct rb_error err = {0};
    if (why)
        rb_probe_end(probe, false, "%s", why);
    else if (!rb_services_run(p->services, errand->kind, errand->request,
                              rb_vault_secrets(p->vault), &err))
        rb_probe_end(probe, false, "%s", err.message);
    if (all_over(p))
        uv_stop(&p->loop);
}

/* No request with a secret that has to be typed comes here. */
static void unasked(void *context, const char *why)
{
    (void)context, (void)why;
}

static void too_late(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* As if this file were the one that is run. */
static const struct rb_state *look_from(struct probing *p, int book)
{
    struct lens *lens = &p->lenses[book];
    const struct rb_state *state = p->preview.state;
    lens->plan = *state->plan;
    lens->plan.books = &state->plan->books[book];
    lens->state = *state;
    lens->state.plan = &lens->plan;
    lens->state.main = p->preview.books[book];
    return &lens->state;
}

static void list_of(struct probing *p, int book, rb_probe_wanted *wanted, int run_dir)
{
    const struct rb_plan *plan = p->preview.state->plan;
    const struct rb_value *all =
        book == 0 ? p->preview.state->main.connections : p->preview.books[book].connections;
    const struct rb_state *state = book == 0 ? p->preview.state : look_from(p, book);
    for (size_t i = 0; i < rb_value_count(all); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(all, i), "");
        RB_AUTO_BUF struct rb_buf what = {0};
        if (wanted && !wanted(plan, book, name))
            continue;
        rb_buf_printf(&what, "%s%s", plan->books[book]->prefix, name);
        RB_GROW(p->probes, p->count, p->capacity);
        p->probes[p->count++] = (struct rb_probe){.name = name,
                                                  .what = rb_buf_take(&what),
                                                  .book = book,
                                                  .connection = rb_value_member_at(all, i),
                                                  .state = state,
                                                  .run_dir = run_dir};
    }
}

static void list_wanted(struct probing *p, rb_probe_wanted *wanted, int run_dir)
{
    int count = p->preview.state->plan->book_count;
    p->lenses = rb_alloc((size_t)count * sizeof *p->lenses);
    for (int i = 0; i < count; i++)
        list_of(p, i, wanted, run_dir);
}

static void open_all(struct probing *p, rb_probe_wanted *wanted, int run_dir)
{
    const struct rb_vault_prompt nobody = {0};
    const struct rb_services_events services = {.context = p,
                                                .settled = settled,
                                                .noted = not_awaited,
                                                .undone = undone,
                                                .doubtful = doubtful};
    const struct rb_errands_events errands = {
        .context = p, .ready = ready, .unasked = unasked};
    uv_timer_init(&p->loop, &p->deadline);
    p->vault = rb_vault_new(&p->loop, p->preview.state, &nobody);
    p->services = rb_services_new(&p->loop, run_dir, &services);
    p->errands = rb_errands_new(p->vault, false, &errands);
    list_wanted(p, wanted, run_dir);
}

static void closing(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_all(struct probing *p)
{
    rb_errands_free(p->errands);
    rb_services_free(p->services);
    rb_vault_free(p->vault);
    uv_run(&p->loop, UV_RUN_NOWAIT);
    uv_walk(&p->loop, closing, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_loop_close(&p->loop);
    for (size_t i = 0; i < p->count; i++) {
        rb_value_unref(rb_list_end(&p->probes[i].seen));
        rb_buf_done(&p->probes[i].text);
        free((char *)p->probes[i].what);
    }
    free(p->probes);
    free(p->lenses);
}

static void probe_them(struct probing *p)
{
    for (size_t i = 0; i < p->count; i++)
        ask(p, i);
    uv_timer_start(&p->deadline, too_late, (uint64_t)(PATIENCE / RB_MS), 0);
    if (!all_over(p))
        uv_run(&p->loop, UV_RUN_DEFAULT);
}

static const struct rb_value *finding(const struct rb_probe *probe)
{
    RB_AUTO_BUF struct rb_buf target = {0}, shown = {0}, text = {0};
    rb_buf_printf(&target, "%s ", type_of(probe)->type);
    type_of(probe)->target(probe, &target);
    rb_text_visible(rb_buf_text(&target), target.length, false, &shown);
    rb_text_visible(rb_buf_text(&probe->text), probe->text.length, false, &text);
    return rb_value_map(
        "what", rb_value_text(probe->what), "target", rb_value_text(rb_buf_text(&shown)),
        "ok", rb_value_bool(probe->over && probe->good), "pooled",
        probe->pooled ? rb_value_text(probe->pooled) : NULL, "text",
        rb_value_text(probe->over ? rb_buf_text(&text) : "no answer within 30 s"), NULL);
}

bool rb_probe_all(const struct rb_document *document, const struct rb_value *params,
                  rb_probe_wanted *wanted, struct rb_list_builder *findings,
                  struct rb_error *err)
{
    struct probing p = {0};
    if (!rb_preview_new(document, params, &p.preview, err))
        return false;
    bool good = rb_scratch_new(&p.scratch, err) && rb_loop_init(&p.loop, err);
    if (good) {
        open_all(&p, wanted, rb_scratch_run(p.scratch));
        probe_them(&p);
        for (size_t i = 0; i < p.count; i++)
            rb_list_add(findings, finding(&p.probes[i]));
        close_all(&p);
    }
    rb_scratch_free(p.scratch);
    rb_preview_done(&p.preview);
    return good;
}
