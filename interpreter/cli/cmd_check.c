#include "cli/commands.h"
#include "cli/load.h"

/* What was read stays until all is told: the findings have their places in it. */
struct reading {
    struct rb_document **documents;
    int count, capacity;
    struct rb_diags diags;
};

static const struct rb_document *keep(struct reading *reading, struct rb_document *document)
{
    RB_GROW(reading->documents, reading->count, reading->capacity);
    return reading->documents[reading->count++] = document;
}

static bool read_file(struct reading *reading, const char *path, const char *environment,
                      struct rb_diags *diags, const struct rb_document **ret_document,
                      struct rb_error *err)
{
    struct rb_document *document = rb_load(path, environment, diags, NULL, err);
    if (document)
        *ret_document = keep(reading, document);
    return document;
}

static void take_over(struct rb_diags *to, struct rb_diags *from)
{
    for (int i = 0; i < from->count; i++) {
        RB_GROW(to->items, to->count, to->capacity);
        to->items[to->count++] = from->items[i];
    }
    to->errors += from->errors;
    free(from->items);
    *from = (struct rb_diags){0};
}

/* Without a choice a runbook is held against the rules in each of its environments: what one
 * of them lacks is found, and what they all have is there. */
static bool read_each(struct reading *reading, const char *path, struct rb_error *err)
{
    struct rb_diags alone = {0};
    const struct rb_document *document, *other;
    if (!read_file(reading, path, NULL, &alone, &document, err))
        return false;
    if (document->environment_count == 0)
        take_over(&reading->diags, &alone);
    rb_diags_done(&alone);
    for (int i = 0; i < document->environment_count; i++) {
        const char *name = document->environments[i]->text;
        if (!read_file(reading, path, name, &reading->diags, &other, err))
            return false;
    }
    return true;
}

int rb_cmd_check(const struct rb_args *args)
{
    enum rb_diag_form form = rb_args_is(args, "output", "json", false)     ? RB_DIAG_JSON
                             : rb_args_is(args, "output", "github", false) ? RB_DIAG_GITHUB
                                                                           : RB_DIAG_TEXT;
    const char *environment = rb_args_value(args, "environment");
    struct reading reading = {0};
    int status = 0;
    for (int i = 0; i < args->word_count; i++) {
        struct rb_error err = {0};
        const struct rb_document *document;
        bool good = environment ? read_file(&reading, args->words[i], environment,
                                            &reading.diags, &document, &err)
                                : read_each(&reading, args->words[i], &err);
        if (!good)
            status = rb_report(&err);
    }
    rb_load_report(&reading.diags, form);
    if (status == 0 && reading.diags.errors > 0)
        status = 1;
    rb_diags_done(&reading.diags);
    for (int i = 0; i < reading.count; i++)
        rb_document_free(reading.documents[i]);
    free(reading.documents);
    return status;
}
