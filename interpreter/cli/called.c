#include "cli/called.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/trust.h"

void rb_called_beside(struct rb_called_files *files, const char *runbook)
{
    const char *slash = strrchr(runbook, '/');
    files->folder =
        slash ? rb_strndup(runbook, (size_t)(slash - runbook) + 1) : rb_strdup("");
}

void rb_called_add(struct rb_called_files *files, const char *path, struct rb_buf *text)
{
    struct rb_called_file *file = rb_alloc(sizeof *file);
    file->path = rb_strdup(path);
    file->text = *text;
    *text = (struct rb_buf){0};
    RB_GROW(files->items, files->count, files->capacity);
    files->items[files->count++] = file;
}

void rb_called_done(struct rb_called_files *files)
{
    for (int i = 0; i < files->count; i++) {
        rb_buf_done(&files->items[i]->text);
        free(files->items[i]->path);
        free(files->items[i]);
    }
    free(files->items);
    free(files->folder);
    *files = (struct rb_called_files){0};
}

static struct rb_called_file *find(const struct rb_called_files *files, const char *path)
{
    for (int i = 0; i < files->count; i++) {
        if (strcmp(files->items[i]->path, path) == 0)
            return files->items[i];
    }
    return NULL;
}

/* A link could lead out of the folder. */
static bool is_no_link(const struct rb_called_files *files, const char *path,
                       struct rb_error *err)
{
    for (const char *at = path; *at; at += *at == '/') {
        RB_AUTO_BUF struct rb_buf part = {0};
        struct stat info;
        at += strcspn(at, "/");
        rb_buf_printf(&part, "%s%.*s", files->folder, (int)(at - path), path);
        if (fstatat(AT_FDCWD, rb_buf_text(&part), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(info.st_mode))
            return rb_fail(err, RB_ERR_INVALID,
                           "%s is a symbolic link, which may lead elsewhere",
                           rb_buf_text(&part));
    }
    return true;
}

static bool read_beside(struct rb_called_files *files, const char *path,
                        struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf where = {0}, text = {0};
    rb_buf_printf(&where, "%s%s", files->folder, path);
    if (!is_no_link(files, path, err) || !rb_trust_file(rb_buf_text(&where), err) ||
        !rb_file_read(AT_FDCWD, rb_buf_text(&where), RB_SOURCE_MAX, &text, err))
        return false;
    rb_called_add(files, path, &text);
    return true;
}

static bool read(void *context, const char *path, const char **ret_text, size_t *ret_length,
                 struct rb_error *err)
{
    struct rb_called_files *files = context;
    if (!find(files, path) && !files->folder)
        return rb_fail(err, RB_ERR_INVALID, "%s is not among the files of the run", path);
    if (!find(files, path) && !read_beside(files, path, err))
        return false;
    const struct rb_called_file *file = find(files, path);
    *ret_text = rb_buf_text(&file->text);
    *ret_length = file->text.length;
    return true;
}

struct rb_files rb_called_reader(struct rb_called_files *files)
{
    return (struct rb_files){.context = files, .read = read};
}

struct rb_document *rb_called_compile(const struct rb_value *created,
                                      const struct rb_buf *runbook,
                                      struct rb_called_files *files, struct rb_diags *diags)
{
    const struct rb_value *own = rb_value_at(rb_value_get(created, "sources"), 0);
    const struct rb_files reader = rb_called_reader(files);
    const struct rb_reading reading = {.path = rb_value_get_text(created, "file", ""),
                                       .text = rb_buf_text(runbook),
                                       .length = runbook->length,
                                       .environment =
                                           rb_value_get_text(created, "environment", NULL),
                                       .place = rb_value_get_text(own, "name", NULL),
                                       .files = &reader,
                                       .whole = true};
    return rb_document_read_with(&reading, diags);
}

char *rb_called_name(const struct rb_called_files *files, int number)
{
    struct rb_buf name = {0};
    const char *path = files->items[number]->path, *slash = strrchr(path, '/');
    rb_buf_printf(&name, "call-%d-%s", number + 1, slash ? slash + 1 : path);
    return rb_buf_take(&name);
}
