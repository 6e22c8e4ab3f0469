#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

enum { OUT_OF_MEMORY = 70 }; /* exit status: EX_SOFTWARE of sysexits.h */

/* Neither the message nor the end may need memory, or what a forked process has in its buffers
 * from its parent. */
void rb_out_of_memory(void)
{
    static const char said[] =
        "runbook: out of memory; what is on record stands, and a run can be resumed\n";
    ssize_t written = write(STDERR_FILENO, said, sizeof said - 1);
    (void)written;
    quick_exit(OUT_OF_MEMORY);
}

void *rb_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        rb_out_of_memory();
    return memory;
}

void *rb_realloc(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        rb_out_of_memory();
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        rb_out_of_memory();
    return memory;
}

char *rb_strdup(const char *text)
{
    return text ? rb_strndup(text, strlen(text)) : NULL;
}

char *rb_strndup(const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        rb_out_of_memory();
    char *copy = rb_realloc(NULL, length + 1, 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void rb_close_descriptor(const int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
}
