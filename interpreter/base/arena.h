#pragma once
/* An arena: many allocations, one release. What is read from a runbook lives in its
 * document's. */

#include <stddef.h>

struct rb_arena;

struct rb_arena *rb_arena_new(void);
void rb_arena_free(struct rb_arena *arena); /* accepts NULL */
/* Ends all allocations but keeps memory for the next ones. */
void rb_arena_clear(struct rb_arena *arena);
void *rb_arena_alloc(struct rb_arena *arena,
                     size_t size); /* zeroed, aligned for any type */
char *rb_arena_strndup(struct rb_arena *arena, const char *text,
                       size_t length); /* NUL added */
char *rb_arena_strdup(struct rb_arena *arena, const char *text);
char *rb_arena_printf(struct rb_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
