#include "cli/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "check/check.h"
#include "cli/args.h"
#include "cli/trust.h"
#include "parse/answers.h"
#include "parse/params.h"
#include "render/diag.h"

/* A file that can't be read is a mistake of the caller's like one that is not there: exit 2. */
static bool read_input(const char *path, struct rb_buf *out, struct rb_error *err)
{
    if (rb_file_read(AT_FDCWD, path, RB_SOURCE_MAX, out, err))
        return true;
    if (err->code == RB_ERR_IO)
        err->code = RB_ERR_INVALID;
    return false;
}

void rb_load_bytes_done(struct rb_load_bytes *bytes)
{
    rb_buf_done(&bytes->runbook);
    rb_called_done(&bytes->called);
}

/* Each file that is called is checked by itself as well: that is where its mistakes are. */
struct loading {
    const char *environment;
    struct rb_called_files *called;
    struct rb_files files;
    struct rb_diags *diags;
    struct rb_document *document; /* which owns the others */
    int checked;                  /* of `called` */
};

static bool has_environments(const struct rb_reading *reading)
{
    struct rb_diags unheard = {0};
    struct rb_reading plain = *reading;
    plain.environment = NULL;
    struct rb_document *document = rb_document_read_with(&plain, &unheard);
    bool has = document->environment_count > 0;
    rb_diags_done(&unheard);
    rb_document_free(document);
    return has;
}

static void check_called(struct loading *l, const struct rb_called_file *file)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    rb_buf_printf(&path, "%s%s", l->called->folder, file->path);
    struct rb_reading reading = {.path = rb_buf_text(&path),
                                 .text = rb_buf_text(&file->text),
                                 .length = file->text.length,
                                 .place = file->path,
                                 .files = &l->files};
    if (l->environment && has_environments(&reading))
        reading.environment = l->environment;
    struct rb_document *document = rb_document_read_with(&reading, l->diags);
    rb_check_document(document, l->diags);
    rb_document_own(l->document, document);
}

/* What is not well by itself, or in how it is called, is no plan of a run. */
static void make_whole(struct loading *l, const struct rb_reading *reading)
{
    struct rb_reading whole = *reading;
    whole.whole = true;
    while (l->checked < l->called->count)
        check_called(l, l->called->items[l->checked++]);
    if (l->document->called_count == 0 || l->diags->errors > 0)
        return;
    struct rb_document *document = rb_document_read_with(&whole, l->diags);
    rb_check_whole(document, l->diags);
    rb_document_own(document, l->document);
    l->document = document;
}

struct rb_document *rb_load(const char *path, const char *environment,
                            struct rb_diags *diags, struct rb_load_bytes *ret_bytes,
                            struct rb_error *err)
{
    RB_CLEANUP(rb_load_bytes_done) struct rb_load_bytes bytes = {0};
    const char *slash = strrchr(path, '/');
    if (!read_input(path, &bytes.runbook, err))
        return NULL;
    rb_called_beside(&bytes.called, path);
    struct loading l = {.environment = environment,
                        .called = &bytes.called,
                        .files = rb_called_reader(&bytes.called),
                        .diags = diags};
    const struct rb_reading reading = {.path = path,
                                       .text = rb_buf_text(&bytes.runbook),
                                       .length = bytes.runbook.length,
                                       .environment = environment,
                                       .place = slash ? slash + 1 : path,
                                       .files = &l.files};
    l.document = rb_document_read_with(&reading, diags);
    rb_check_document(l.document, diags);
    make_whole(&l, &reading);
    if (diags->errors == 0)
        rb_check_no_way_back(l.document->plan, diags);
    if (ret_bytes) {
        *ret_bytes = bytes;
        // NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): what ends its scope reads it
        bytes = (struct rb_load_bytes){0};
    }
    return l.document;
}

void rb_load_report(struct rb_diags *diags, enum rb_diag_form form)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    const char *no_colour = getenv("NO_COLOR");
    bool colour = isatty(STDERR_FILENO) && !(no_colour && *no_colour);
    rb_diags_sort(diags);
    if (form == RB_DIAG_JSON)
        rb_diag_render_json(diags, &out);
    else if (form == RB_DIAG_GITHUB)
        rb_diag_render_github(diags, &out);
    else
        rb_diag_render_text(diags, colour, &out);
    FILE *to = form == RB_DIAG_TEXT ? stderr : stdout;
    fwrite(rb_buf_text(&out), 1, out.length, to);
    fflush(to);
}

/* `-p name=value`: the text before the first '='. */
static bool add_text(struct rb_arena *arena, const char *word,
                     struct rb_param_text *ret_given, struct rb_error *err)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return rb_fail(err, RB_ERR_USAGE, "-p takes NAME=VALUE, not `%s`", word);
    size_t length = (size_t)(equals - word);
    *ret_given = (struct rb_param_text){
        .name = rb_arena_strndup(arena, word, length),
        .text = rb_arena_strdup(arena, equals + 1),
        .origin = rb_arena_printf(arena, "-p %.*s=…", (int)length, word)};
    return true;
}

static bool read_params(struct rb_arena *arena, const char *path, struct rb_diags *diags,
                        struct rb_param_text **ret_given, int *ret_count,
                        struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!read_input(path, &text, err))
        return false;
    rb_params_read(arena, path, rb_buf_text(&text), text.length, diags, ret_given,
                   ret_count);
    return true;
}

/* What stands on the command line comes after the file, and wins. */
bool rb_load_params(const struct rb_args *args, const struct rb_document *document,
                    struct rb_diags *diags, const struct rb_value **ret_params,
                    struct rb_error *err)
{
    struct rb_param_text *from_file = NULL;
    int file_count = 0;
    const char *path = rb_args_value(args, "params");
    if (path && !read_params(document->arena, path, diags, &from_file, &file_count, err))
        return false;
    size_t most = (size_t)file_count + (size_t)args->given_count;
    RB_AUTO_FREE struct rb_param_text *given = rb_alloc((most + 1) * sizeof *given);
    int count = file_count;
    for (int i = 0; i < file_count; i++)
        given[i] = from_file[i];
    for (int i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, "param") != 0)
            continue;
        if (!add_text(document->arena, args->given[i].value, &given[count++], err))
            return false;
    }
    rb_params_resolve(document->plan, given, count, diags, ret_params);
    return true;
}

bool rb_load_answers(const struct rb_args *args, struct rb_load_answers *ret_answers,
                     struct rb_error *err)
{
    const char *path = rb_args_value(args, "answers");
    *ret_answers = (struct rb_load_answers){0};
    if (!path)
        return true;
    if (!rb_trust_file(path, err) || !read_input(path, &ret_answers->text, err))
        return false;
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    bool good = rb_answers_read(arena, path, rb_buf_text(&ret_answers->text),
                                ret_answers->text.length, &diags, &ret_answers->map);
    if (!good)
        rb_load_report(&diags, RB_DIAG_TEXT);
    rb_diags_done(&diags);
    rb_arena_free(arena);
    return good || rb_fail(err, RB_ERR_USAGE,
                           "%s is not a file of answers; nothing was executed", path);
}

void rb_load_answers_done(struct rb_load_answers *answers)
{
    rb_value_unref(answers->map);
    rb_buf_done(&answers->text);
}

int rb_report(const struct rb_error *err)
{
    fprintf(stderr, "runbook: %s\n", err->message);
    return rb_error_exit_status(err->code);
}
