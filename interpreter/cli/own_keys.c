#include "cli/own_keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "effects/keygen.h"
#include "effects/sshsig.h"

enum { FILE_MAX = 16384, AGENT_MS = 2000 };

bool rb_own_key_read(const char *text, size_t length, char ret_key[64])
{
    RB_AUTO_BUF struct rb_buf blob = {0};
    char type[64];
    const char *end = text + length;
    const char *space = memchr(text, ' ', length);
    if (!space)
        return false;
    const char *from = space + 1;
    const char *to = from;
    while (to < end && *to != ' ' && *to != '\n' && *to != '\r')
        to++;
    return rb_base64_decode(from, (size_t)(to - from), &blob) &&
           rb_ssh_key_read(rb_buf_text(&blob), blob.length, ret_key, type, NULL);
}

static void add_each_line(struct rb_list_builder *own, const struct rb_buf *text,
                          const char *path)
{
    const char *at = rb_buf_text(text), *end = at + text->length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        char key[RB_FINGERPRINT];
        if (rb_own_key_read(at, length, key))
            rb_list_add(own, rb_value_map("key", rb_value_text(key), "public",
                                          rb_value_string(at, length), "path",
                                          path ? rb_value_text(path) : NULL, NULL));
        at += length + 1;
    }
}

static bool is_public(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".pub") == 0;
}

static void add_folder(struct rb_list_builder *own)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    const char *home = getenv("HOME");
    rb_buf_printf(&path, "%s/.ssh", home ? home : "");
    DIR *folder = home ? opendir(rb_buf_text(&path)) : NULL;
    if (!folder)
        return;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        RB_AUTO_BUF struct rb_buf text = {0}, private = {0};
        if (!is_public(entry->d_name) ||
            !rb_file_read(dirfd(folder), entry->d_name, FILE_MAX, &text, NULL))
            continue;
        rb_buf_printf(&private, "%s/%.*s", rb_buf_text(&path),
                      (int)strlen(entry->d_name) - 4, entry->d_name);
        add_each_line(own, &text, rb_buf_text(&private));
    }
    closedir(folder);
}

static void add_agent(struct rb_list_builder *own)
{
    static const char *const argv[] = {"ssh-add", "-L", NULL};
    RB_AUTO_BUF struct rb_buf said = {0};
    const struct rb_keygen_call call = {.argv = argv, .limit_ms = AGENT_MS, .agent = true};
    if (getenv("SSH_AUTH_SOCK") && rb_keygen_run(&call, &said) == 0)
        add_each_line(own, &said, NULL);
}

const struct rb_value *rb_own_keys_list(void)
{
    struct rb_list_builder own = {0};
    add_folder(&own);
    add_agent(&own);
    return rb_list_end(&own);
}

static const struct rb_value *names(struct rb_map_builder *builder)
{
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(builder);
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(map); i++)
        rb_list_add(&list, rb_value_ref(rb_value_key_at(map, i)));
    return rb_list_end(&list);
}

/* Only what the file of signers has is of interest to anybody. */
static void add_owner(const struct rb_value *lines, const char *key,
                      struct rb_map_builder *keys, struct rb_map_builder *people)
{
    for (size_t i = 0; i < rb_value_count(lines); i++) {
        const struct rb_value *line = rb_value_at(lines, i);
        const struct rb_value *list = rb_value_get(line, "people");
        if (strcmp(rb_value_get_text(line, "key", ""), key) != 0)
            continue;
        rb_map_add(keys, key, rb_value_null());
        for (size_t k = 0; k < rb_value_count(list); k++)
            rb_map_add(people, rb_value_as_text(rb_value_at(list, k), ""), rb_value_null());
    }
}

const struct rb_value *rb_own_keys(const struct rb_value *lines)
{
    RB_AUTO_VALUE const struct rb_value *own = rb_own_keys_list();
    struct rb_map_builder keys = {0}, people = {0};
    for (size_t i = 0; i < rb_value_count(own); i++)
        add_owner(lines, rb_value_get_text(rb_value_at(own, i), "key", ""), &keys, &people);
    return rb_value_map("keys", names(&keys), "people", names(&people), NULL);
}
