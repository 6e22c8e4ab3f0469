#include "several.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char MARK[] = "=== ";

static bool read(void *context, const char *path, const char **ret_text, size_t *ret_length,
                 struct rb_error *err)
{
    const struct several *several = context;
    for (int i = 0; i < several->count; i++) {
        if (strcmp(several->called[i].path, path) != 0)
            continue;
        *ret_text = several->called[i].text;
        *ret_length = several->called[i].length;
        return true;
    }
    return rb_fail(err, RB_ERR_NOT_FOUND, "%s does not exist", path);
}

/* The next line that begins with the mark, or the end: of a text that may be long, and of which the
 * sanitizers would look for the end at each line. */
static char *next_mark(char *at, const char *end)
{
    while (at < end && strncmp(at, MARK, strlen(MARK)) != 0) {
        char *line = memchr(at, '\n', (size_t)(end - at));
        at += line ? line + 1 - at : end - at;
    }
    return at;
}

void several_split(struct several *several, const char *text, size_t length)
{
    *several = (struct several){.text = rb_strndup(text, length)};
    several->files = (struct rb_files){.context = several, .read = read};
    const char *end = several->text + strlen(several->text);
    char *at = next_mark(several->text, end);
    several->length = (size_t)(at - several->text);
    while (at < end && several->count < SEVERAL_MOST) {
        char *path = at + strlen(MARK), *line = memchr(path, '\n', (size_t)(end - path));
        if (!line)
            break;
        *line = '\0';
        at = next_mark(line + 1, end);
        several->called[several->count].path = path;
        several->called[several->count].text = line + 1;
        several->called[several->count++].length = (size_t)(at - line - 1);
    }
}

void several_done(struct several *several)
{
    free(several->text);
}

struct rb_document *several_read(struct several *several, const char *path,
                                 const char *environment, bool whole,
                                 struct rb_diags *diags)
{
    const struct rb_reading reading = {.path = path,
                                       .text = several->text,
                                       .length = several->length,
                                       .environment = environment,
                                       .place = "runbook.yaml",
                                       .files = &several->files,
                                       .whole = whole};
    return rb_document_read_with(&reading, diags);
}
