/* A step that is the steps of another file.
 *
 * The file is a runbook like any other, which can be run by itself. Its steps become those of the call,
 * under ids that begin with the call's; what it declares is a book of its own in the plan, so that it sees
 * its parameters and nothing of who calls it. What only a run as a whole can have it may not say. */

#include <string.h>

#include "parse/call_place.h"
#include "parse/draft.h"
#include "parse/scalar.h"
#include "parse/top.h"

enum { DEPTH_MOST = 8, CALLS_MOST = 200 };

void rb_call_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    const char *text;
    if (rb_scalar_text(value, "call", c->diags, &text))
        draft->file = value;
}

static bool cannot(struct rb_compiler *c, const struct rb_yaml_node *file, const char *why,
                   const char *help)
{
    rb_diag_help(rb_diag_add(c->diags, 270, file->span, "`%.200s` can't be called: %s",
                             file->text, why),
                 "%s", help);
    return false;
}

/* Is it the one that calls, or around that? */
static bool is_around(const struct rb_compiler *c, const char *place)
{
    if (c->place && strcmp(c->place, place) == 0)
        return true;
    for (const struct rb_caller *at = c->caller; at; at = at->outer) {
        if (at->place && strcmp(at->place, place) == 0)
            return true;
    }
    return false;
}

static bool may_be_called(struct rb_compiler *c, const struct rb_yaml_node *file,
                          const char *place)
{
    if (!c->reading->files)
        return cannot(c, file, "this file stands alone",
                      "a runbook that calls others is read with them");
    if (!place)
        return cannot(c, file, "it lies outside of the folder of the runbook that is run",
                      "what belongs to a run lies beside its runbook, or below");
    if (is_around(c, place))
        return cannot(c, file, "it would call itself",
                      "a loop is `for_each`; what two files share goes into a third one");
    if (c->caller && c->caller->depth >= DEPTH_MOST)
        return cannot(c, file, "there are calls in calls, more than 8 deep",
                      "call it from further out");
    if (c->book_count > CALLS_MOST)
        return cannot(c, file, "there are more than 200 calls",
                      "do with `for_each` what is done again and again");
    return true;
}

static void remember(struct rb_compiler *c, const struct rb_yaml_node *file,
                     const char *place)
{
    for (int i = 0; i < c->called_count; i++) {
        if (strcmp(c->called[i].path, place) == 0)
            return;
    }
    RB_GROW(c->called, c->called_count, c->called_capacity);
    c->called[c->called_count++] = (struct rb_called){place, file->span};
}

/* As messages have it: beside the runbook that is run. */
static const char *path_of(const struct rb_compiler *c, const char *place)
{
    const char *run = c->reading->path, *slash = strrchr(run, '/');
    return rb_arena_printf(c->document->arena, "%.*s%s", slash ? (int)(slash - run) + 1 : 0,
                           run, place);
}

/* NULL: it can't be read as a runbook. What is wrong in it is told where it is checked by itself. */
static struct rb_document *open_file(struct rb_compiler *c, const struct rb_yaml_node *file,
                                     const char *place, struct rb_diags *unheard)
{
    const char *text;
    size_t length;
    struct rb_error err = {0};
    if (!c->reading->files->read(c->reading->files->context, place, &text, &length, &err)) {
        cannot(c, file, err.message, "the path is one from the folder of this file");
        return NULL;
    }
    struct rb_arena *arena = c->document->arena;
    struct rb_document *document = rb_arena_alloc(arena, sizeof *document);
    document->arena = arena;
    document->scratch = c->document->scratch;
    document->source = rb_source_new(arena, path_of(c, place), text, length);
    document->root = rb_yaml_read(arena, document->source, unheard);
    remember(c, file, place);
    return document->root && document->root->kind == RB_NODE_MAPPING ? document : NULL;
}

/* What it says that has no meaning in a part of a run. */
static void judge_top(struct rb_compiler *c, const struct rb_yaml_node *file,
                      const struct rb_document *called)
{
    static const struct {
        const char *name, *help;
    } whole[] = {
        {"guards", "watch the call: put them into this file, `covers` names this step"},
        {"finally", "put it into this file, or make a step of it"},
        {"on_failure", "only a word: what a run does when it has failed, this file says"},
    };
    for (size_t i = 0; i < RB_COUNT(whole); i++) {
        const struct rb_yaml_node *node = rb_yaml_get(called->root, whole[i].name);
        bool word = node && node->kind == RB_NODE_SCALAR;
        if (!node || (word && strcmp(whole[i].name, "on_failure") == 0))
            continue;
        struct rb_diag *diag =
            rb_diag_add(c->diags, 274, file->span,
                        "`%.200s` has `%s`, which only a run as a whole can have",
                        file->text, whole[i].name);
        rb_diag_help(diag, "%s", whole[i].help);
        rb_diag_also(diag, node->span, "here");
    }
}

/* Locks are taken before anything begins, and can't wait for what only the call gives. */
static void judge_locks(struct rb_compiler *c, const struct rb_yaml_node *file,
                        const struct rb_document *called)
{
    const struct rb_yaml_node *locks = rb_yaml_get(called->root, "locks");
    for (int i = 0; locks && i < locks->count; i++) {
        const struct rb_yaml_node *lock = locks->items[i];
        if (lock->kind != RB_NODE_SCALAR || !strstr(lock->text, "${{"))
            continue;
        struct rb_diag *diag = rb_diag_add(
            c->diags, 274, file->span,
            "`%.200s` has a lock that is not known before the run begins", file->text);
        rb_diag_help(diag, "write there what it is by name, without `${{ }}`");
        rb_diag_also(diag, lock->span, "here");
    }
}

/* Where the compiler is while it reads another file. */
struct place {
    struct rb_document *document;
    struct rb_diags *diags;
    struct rb_book *book;
    int book_number;
    const char *owner, *place;
    const struct rb_yaml_node *templates;
    const struct rb_caller *caller;
    const char **loops;
    int loop_count, loop_capacity;
    bool rescued;
};

static struct place enter(struct rb_compiler *c, struct rb_document *called, int call,
                          const char *place, const char *id, const struct rb_caller *caller,
                          struct rb_diags *unheard)
{
    const struct place before = {
        c->document,  c->diags,  c->book,  c->book_number, c->owner,         c->place,
        c->templates, c->caller, c->loops, c->loop_count,  c->loop_capacity, c->rescued};
    rb_compiler_begin_book(c, call, rb_arena_printf(c->arena, "%s:", id));
    c->document = called;
    c->diags = unheard;
    c->place = place;
    c->owner = NULL;
    c->templates = NULL;
    c->caller = caller;
    c->loops = NULL;
    c->loop_count = c->loop_capacity = 0;
    c->rescued = c->rescue;
    return before;
}

static void leave(struct rb_compiler *c, const struct place *before)
{
    free(c->loops);
    c->document = before->document;
    c->diags = before->diags;
    c->book = before->book;
    c->book_number = before->book_number;
    c->owner = before->owner;
    c->place = before->place;
    c->templates = before->templates;
    c->caller = before->caller;
    c->loops = before->loops;
    c->loop_count = before->loop_count;
    c->loop_capacity = before->loop_capacity;
    c->rescued = before->rescued;
}

static void two_windows(struct rb_compiler *c, const struct rb_draft *draft)
{
    rb_diag_help(rb_diag_add(c->diags, 274, draft->file->span,
                             "`%.200s` has a `window`, and so has this step",
                             draft->file->text),
                 "keep one of the two, or put the step into a group that has the other");
}

/* Reads it; the steps only where the plan is to be whole. */
static void read(struct rb_compiler *c, struct rb_document *called, const char *place,
                 struct rb_draft *draft, int index, struct rb_diags *unheard)
{
    const struct rb_caller caller = {c->place, c->caller,
                                     c->caller ? c->caller->depth + 1 : 1};
    const struct rb_value *window = NULL;
    const struct place before =
        enter(c, called, index, place, draft->step.id, &caller, unheard);
    if (c->reading->whole)
        draft->step.first_child = rb_top_called(c, index, draft->own.on_failure, &window);
    else
        rb_top_declared(c);
    draft->step.calls = c->book_number;
    draft->step.outputs = c->book->outputs;
    draft->step.output_count = c->book->output_count;
    leave(c, &before);
    if (window && rb_yaml_get(draft->node, "window"))
        two_windows(c, draft);
    else if (window)
        rb_draft_set(draft, "window", rb_value_ref(window));
    rb_value_unref(window);
}

void rb_call_settle(struct rb_compiler *c, struct rb_draft *draft, int index)
{
    struct rb_diags unheard = {0};
    const char *place = rb_call_place(c->document->arena, c->place, draft->file->text);
    struct rb_document *called = may_be_called(c, draft->file, place)
                                     ? open_file(c, draft->file, place, &unheard)
                                     : NULL;
    if (called) {
        judge_top(c, draft->file, called);
        judge_locks(c, draft->file, called);
        read(c, called, place, draft, index, &unheard);
        const struct rb_book *book = c->books[draft->step.calls];
        c->owner = draft->step.id;
        rb_draft_set(draft, "file", rb_value_text(place));
        rb_call_fill(c, draft, book);
        if (c->reading->whole && unheard.errors > 0)
            cannot(c, draft->file, "something in it has no meaning here",
                   unheard.items[0].message);
    }
    rb_diags_done(&unheard);
}
