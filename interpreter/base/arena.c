#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>

#include "base/buf.h"

/* Blocks double up to the largest: a short runbook takes one page, a long one few blocks.
 */
#define FIRST_BLOCK   ((size_t)4096)
#define LARGEST_BLOCK ((size_t)262144)

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct rb_arena {
    struct block *blocks; /* the newest that is shared comes first */
    size_t used, size;    /* of the first block */
    size_t next_size;
};

struct rb_arena *rb_arena_new(void)
{
    struct rb_arena *arena = rb_alloc(sizeof *arena);
    arena->next_size = FIRST_BLOCK;
    return arena;
}

static void free_blocks(struct block *block)
{
    for (struct block *next; block; block = next) {
        next = block->next;
        free(block);
    }
}

void rb_arena_free(struct rb_arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void rb_arena_clear(struct rb_arena *arena)
{
    if (!arena->blocks)
        return;
    free_blocks(arena->blocks->next);
    arena->blocks->next = NULL;
    arena->used = 0;
}

static struct block *new_block(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        rb_out_of_memory();
    struct block *block = rb_realloc(NULL, sizeof *block + size, 1);
    block->next = NULL;
    return block;
}

/* A block for this allocation alone, behind the one that is being filled. */
static void *alloc_apart(struct rb_arena *arena, size_t size)
{
    struct block *block = new_block(size);
    struct block **place = arena->blocks ? &arena->blocks->next : &arena->blocks;
    block->next = *place;
    *place = block;
    return block->bytes;
}

/* Not zeroed. */
static void *take(struct rb_arena *arena, size_t size)
{
    if (size == 0)
        size = 1; /* so that there is a block to point into */
    if (size > arena->next_size / 4)
        return alloc_apart(arena, size);
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (size > arena->size - arena->used) {
        struct block *block = new_block(arena->next_size);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
        arena->size = arena->next_size;
        if (arena->next_size < LARGEST_BLOCK)
            arena->next_size *= 2;
    }
    void *memory = (char *)arena->blocks->bytes + arena->used;
    arena->used += size;
    return memory;
}

void *rb_arena_alloc(struct rb_arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

char *rb_arena_strndup(struct rb_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX)
        rb_out_of_memory();
    char *copy = take(arena, length + 1);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *rb_arena_strdup(struct rb_arena *arena, const char *text)
{
    return text ? rb_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *rb_arena_printf(struct rb_arena *arena, const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    return rb_arena_strndup(arena, text.data, text.length);
}
