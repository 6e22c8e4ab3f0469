#include "effects/awaited.h"

#include <string.h>

#include "base/duration.h"
#include "base/mem.h"

/* Beyond all that was agreed. Being told to go on does no harm to who only is slow; being ended
 * does, and so it gets the time to write a large output to a slow disk first. */
enum { BEFORE_ROUSE = 5000, BEFORE_END = 60000, DEFAULT_GRACE = 10000 };

void rb_awaited_add(struct rb_awaited_list *list, const char *dir)
{
    RB_GROW(list->items, list->count, list->capacity);
    list->items[list->count++] = (struct rb_awaited){
        .dir = rb_strdup(dir), .grace = DEFAULT_GRACE, .due = UINT64_MAX};
}

struct rb_awaited *rb_awaited_find(const struct rb_awaited_list *list, const char *dir)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].dir, dir) == 0)
            return &list->items[i];
    }
    return NULL;
}

bool rb_awaited_remove(struct rb_awaited_list *list, const char *dir)
{
    struct rb_awaited *one = rb_awaited_find(list, dir);
    if (!one)
        return false;
    free(one->dir);
    *one = list->items[--list->count];
    return true;
}

void rb_awaited_done(struct rb_awaited_list *list)
{
    while (list->count > 0)
        free(list->items[--list->count].dir);
    free(list->items);
    *list = (struct rb_awaited_list){0};
}

static uint64_t ms_of(const struct rb_value *request, const char *member,
                      uint64_t otherwise)
{
    int64_t us = rb_value_get_int(request, member, -1);
    return us < 0 ? otherwise : (uint64_t)(us / RB_MS);
}

void rb_awaited_limit(struct rb_awaited *one, const struct rb_value *request, uint64_t now)
{
    uint64_t timeout = ms_of(request, "timeout_us", UINT64_MAX);
    one->grace = ms_of(request, "grace_us", DEFAULT_GRACE);
    one->roused = false;
    one->due = timeout == UINT64_MAX ? timeout : now + timeout + one->grace + BEFORE_ROUSE;
}

void rb_awaited_hurry(struct rb_awaited *one, uint64_t now)
{
    uint64_t due = now + one->grace + BEFORE_ROUSE;
    if (!one->roused && due < one->due)
        one->due = due;
}

uint64_t rb_awaited_due(const struct rb_awaited_list *list)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].due < due)
            due = list->items[i].due;
    }
    return due;
}

enum rb_overdue rb_awaited_look(struct rb_awaited_list *list, uint64_t now)
{
    enum rb_overdue overdue = RB_OVERDUE_NONE;
    for (size_t i = 0; i < list->count; i++) {
        struct rb_awaited *one = &list->items[i];
        if (now < one->due)
            continue;
        if (one->roused)
            return RB_OVERDUE_END;
        one->roused = true;
        one->due = now + one->grace + BEFORE_END;
        overdue = RB_OVERDUE_ROUSE;
    }
    return overdue;
}
