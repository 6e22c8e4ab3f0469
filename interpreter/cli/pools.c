#include "cli/pools.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/probe.h"

static bool is_held(const struct rb_plan *plan, int book, const char *connection)
{
    return rb_probe_holder(plan, book, connection) != NULL;
}

static bool any_held(const struct rb_plan *plan)
{
    for (int b = 0; b < plan->book_count; b++) {
        const struct rb_value *all = plan->books[b]->connections;
        for (size_t i = 0; i < rb_value_count(all); i++) {
            if (is_held(plan, b, rb_value_as_text(rb_value_key_at(all, i), "")))
                return true;
        }
    }
    return false;
}

static void write_all(int fd, const struct rb_buf *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t put = write(fd, text->data + done, text->length - done);
        if (put < 0 && errno != EINTR)
            return;
        done += put > 0 ? (size_t)put : 0;
    }
}

/* Writes a line on each that is pooled. */
static void find(const struct rb_document *document, const struct rb_value *params, int fd)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_list_builder list = {0};
    struct rb_error unknown;
    (void)!rb_probe_all(document, params, is_held, &list, &unknown);
    RB_AUTO_VALUE const struct rb_value *findings = rb_list_end(&list);
    for (size_t i = 0; i < rb_value_count(findings); i++) {
        const struct rb_value *one = rb_value_at(findings, i);
        if (rb_value_get(one, "pooled"))
            rb_buf_printf(&text, "%sconnection `%s`, %s: %s", text.length ? "; " : "",
                          rb_value_get_text(one, "what", ""),
                          rb_value_get_text(one, "target", ""),
                          rb_value_get_text(one, "text", ""));
    }
    write_all(fd, &text);
}

static void read_all(int fd, struct rb_buf *text)
{
    char piece[4096];
    ssize_t got;
    do {
        got = read(fd, piece, sizeof piece);
        if (got > 0)
            rb_buf_append(text, piece, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
}

/* In a process of its own: secrets that are fetched are gone from the environment, and the run
 * needs them still. */
bool rb_pools_allow(const struct rb_document *document, const struct rb_value *params,
                    struct rb_error *err)
{
    int ends[2];
    if (!any_held(document->plan))
        return true;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look for a pool");
    pid_t pid = fork();
    if (pid == 0) {
        find(document, params, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    RB_AUTO_BUF struct rb_buf text = {0};
    if (pid > 0)
        read_all(ends[0], &text);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (pid < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look for a pool");
    return text.length == 0 ||
           rb_fail(err, RB_ERR_USAGE, "%s; nothing was executed", rb_buf_text(&text));
}
