#pragma once
/* What a supervisor has under way, and when it is overdue. It keeps the limits of each request by
 * itself; that it is past them and says nothing means that something has stopped it. Times are ms
 * of the loop's clock, which stands still while the machine sleeps, and so leaves it its time
 * afterwards. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

struct rb_awaited {
    char *dir;
    uint64_t grace; /* between TERM and KILL */
    uint64_t due;   /* UINT64_MAX: its limits are not known */
    bool roused;    /* it was due already, and the supervisor was told to go on */
};

struct rb_awaited_list {
    struct rb_awaited *items;
    size_t count, capacity;
};

void rb_awaited_add(struct rb_awaited_list *list, const char *dir);
/* NULL: there is none of this folder. */
struct rb_awaited *rb_awaited_find(const struct rb_awaited_list *list, const char *dir);
/* False when there was none. */
bool rb_awaited_remove(struct rb_awaited_list *list, const char *dir);
void rb_awaited_done(struct rb_awaited_list *list);

/* It has all that the request may take from now on. */
void rb_awaited_limit(struct rb_awaited *one, const struct rb_value *request, uint64_t now);
/* It was asked to end it: no more than the grace is left. */
void rb_awaited_hurry(struct rb_awaited *one, uint64_t now);

uint64_t
rb_awaited_due(const struct rb_awaited_list *list); /* the first; UINT64_MAX: none */

enum rb_overdue { RB_OVERDUE_NONE, RB_OVERDUE_ROUSE, RB_OVERDUE_END };
/* What is to be done about a supervisor at this time: RB_OVERDUE_ROUSE once for each request, and
 * then it has a grace and some more. */
enum rb_overdue rb_awaited_look(struct rb_awaited_list *list, uint64_t now);
