#include "parse/connections.h"
#include "parse/expr.h"
#include "parse/scalar.h"
#include "parse/top.h"

const char *rb_compiler_where(struct rb_compiler *c, const char *name)
{
    if (!c->owner)
        return rb_arena_strdup(c->arena, name);
    return rb_arena_printf(c->arena, "%s.%s", c->owner, name);
}

void rb_compiler_begin_book(struct rb_compiler *c, int call, const char *prefix)
{
    struct rb_book *book = rb_arena_alloc(c->arena, sizeof *book);
    book->call = call;
    book->prefix = prefix;
    book->name = "";
    c->book = book;
    c->book_number = c->book_count;
    RB_GROW(c->books, c->book_count, c->book_capacity);
    c->books[c->book_count++] = book;
}

void *rb_compiler_keep(struct rb_arena *arena, void *items, int count, size_t size)
{
    void *kept = rb_arena_alloc(arena, (size_t)count * size);
    if (count)
        memcpy(kept, items, (size_t)count * size);
    free(items);
    return kept;
}

/* What grew while it was read moves to where it stays. */
static void finish(struct rb_compiler *c)
{
    struct rb_plan *plan = c->plan;
    struct rb_document *document = c->document;
    plan->book_count = c->book_count;
    plan->books = rb_compiler_keep(c->arena, c->books, c->book_count, sizeof *c->books);
    plan->secret_count = c->secret_count;
    plan->secrets =
        rb_compiler_keep(c->arena, c->secrets, c->secret_count, sizeof *c->secrets);
    plan->expr_count = c->expr_count;
    plan->exprs = rb_compiler_keep(c->arena, c->exprs, c->expr_count, sizeof *c->exprs);
    plan->step_count = c->step_count;
    plan->steps = rb_compiler_keep(c->arena, c->steps, c->step_count, sizeof *c->steps);
    document->refs =
        rb_compiler_keep(document->arena, c->refs, c->expr_count, sizeof *c->refs);
    document->step_nodes = rb_compiler_keep(document->arena, c->step_nodes, c->step_count,
                                            sizeof *c->step_nodes);
    document->called_count = c->called_count;
    document->called =
        rb_compiler_keep(document->arena, c->called, c->called_count, sizeof *c->called);
    document->secret_use_count = c->secret_use_count;
    document->secret_uses = rb_compiler_keep(document->arena, c->secret_uses,
                                             c->secret_use_count, sizeof *c->secret_uses);
    HASH_CLEAR(hh, c->ids);
    rb_lua_scan_close(c->lua);
    free(c->loops);
    free(c->made_by);
    rb_plan_index(plan);
}

static void say_when_full(const struct rb_document *document, struct rb_diags *diags)
{
    if (!rb_diags_full(diags))
        return;
    struct rb_span start = {document->source, 1, 1, 1, 1};
    rb_diag_help(rb_diag_add(diags, 224, start, "only the first %d findings are told",
                             RB_DIAGS_MOST),
                 "one of the first probably explains most of the others");
}

static struct rb_document *open_document(const struct rb_reading *reading,
                                         struct rb_diags *diags)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_document *document = rb_arena_alloc(arena, sizeof *document);
    document->arena = arena;
    document->scratch = rb_arena_new();
    document->source = rb_source_new(arena, reading->path, reading->text, reading->length);
    document->root = rb_yaml_read(arena, document->source, diags);
    return document;
}

struct rb_document *rb_document_read_with(const struct rb_reading *reading,
                                          struct rb_diags *diags)
{
    struct rb_document *document = open_document(reading, diags);
    if (!document->root || document->root->kind != RB_NODE_MAPPING) {
        if (document->root)
            rb_scalar_kind(document->root, RB_NODE_MAPPING, "a runbook", diags);
        say_when_full(document, diags);
        return document;
    }
    struct rb_arena *plan_arena = rb_arena_new();
    struct rb_plan *plan = rb_arena_alloc(plan_arena, sizeof *plan);
    plan->arena = plan_arena;
    plan->source = document->source;
    document->plan = plan;
    struct rb_compiler c = {.document = document,
                            .diags = diags,
                            .arena = plan_arena,
                            .plan = plan,
                            .reading = reading,
                            .place = reading->place};
    rb_compiler_begin_book(&c, -1, "");
    rb_top_read(&c);
    if (c.step_count > 0) {
        rb_connections_resolve(&c);
        rb_expr_resolve(&c);
    }
    finish(&c);
    say_when_full(document, diags);
    return document;
}

struct rb_document *rb_document_read(const char *path, const char *text, size_t length,
                                     const char *environment, struct rb_diags *diags)
{
    const struct rb_reading reading = {
        .path = path, .text = text, .length = length, .environment = environment};
    return rb_document_read_with(&reading, diags);
}

void rb_document_own(struct rb_document *document, struct rb_document *other)
{
    struct rb_document *last = other;
    while (last->other)
        last = last->other;
    last->other = document->other;
    document->other = other;
}

static void free_one(struct rb_document *document)
{
    rb_plan_free(document->plan);
    rb_arena_free(document->scratch);
    rb_arena_free(document->arena);
}

void rb_document_free(struct rb_document *document)
{
    while (document) {
        struct rb_document *other = document->other;
        free_one(document);
        document = other;
    }
}
