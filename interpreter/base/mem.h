#pragma once
/* Allocation that can't fail (out of memory ends the process: the journal makes a crash
 * resumable), scoped cleanups, and a growing array. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Says so on standard error and ends the process as quick_exit does, with 70. For whatever
 * can't have its memory, or a size that does not fit. */
_Noreturn void rb_out_of_memory(void);
void *rb_alloc(size_t size); /* zeroed */
void *rb_realloc(void *old, size_t count, size_t size);
char *rb_strdup(const char *text);                  /* NULL gives NULL */
char *rb_strndup(const char *bytes, size_t length); /* exactly so many bytes, NUL added */

/* Runs f(&variable) when the variable leaves its scope. */
#define RB_CLEANUP(f) __attribute__((cleanup(f)))
#define RB_AUTO_FREE  RB_CLEANUP(rb_free_pointer)
static inline void rb_free_pointer(void *pointer)
{
    free(*(void **)pointer);
}
#define RB_AUTO_CLOSE RB_CLEANUP(rb_close_descriptor)
void rb_close_descriptor(const int *fd); /* closes fd >= 0, keeps errno */
/* The descriptor; from now on the variable has none, and its cleanup closes nothing. */
static inline int rb_take_descriptor(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Makes room for one more element of a (pointer, count, capacity) triple. */
#define RB_GROW(items, count, capacity)                                         \
    do {                                                                        \
        if ((count) == (capacity)) {                                            \
            (capacity) = (capacity) ? (capacity)*2 : 8;                         \
            (items) = rb_realloc((items), (size_t)(capacity), sizeof *(items)); \
        }                                                                       \
    } while (0)

#define RB_COUNT(array) (sizeof(array) / sizeof(array)[0])
